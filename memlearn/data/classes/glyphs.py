"""Glyphs: a class is a Unicode character, a style is a typeface.

Candidates are the 2,296 letters, symbols, punctuation marks and numerals that twelve DejaVu faces
share. 1,935 remain without those of which some image is a copy of another class's, or is the same
in a seen and an unseen face. Of near twins, such as accented Latin or capitals that are only
larger, one is kept: 1,118 classes, of which 782 are for training, 103 for validation and 233 for
testing. (A cosine of .93 would keep 1,324, but with twins such as an e with one dot and with two.)
"""

import functools

import numpy as np
import tensorflow_datasets as tfds

from memlearn.data import records
from memlearn.data.classes import faces

HELD_OUT_FAMILY = "mono"
MAX_SIMILARITY = 0.90

_DESCRIPTION = f"""\
Characters drawn in twelve DejaVu faces, as {faces.SIZE}x{faces.SIZE} greyscale images.
Classes: characters that all twelve faces share, no image of which is also one of another class or
the same in a seen and an unseen face. Near twins are thinned greedily in code point order: a
character is kept only if its blurred image (sans and serif regular side by side, mean removed) has
a cosine below {MAX_SIMILARITY:.2f} with every character kept before it.
Splits: classes train/val/test 70/10/20 by a hash of the character, times faces seen/unseen, where
unseen is the whole {HELD_OUT_FAMILY} family.
Licence: DejaVu fonts: the Bitstream Vera and Arev licences (free to use, copy and redistribute;
modified fonts must be renamed); the DejaVu changes are in the public domain.
"""

_CITATION = """\
@misc{dejavu,
  title = {DejaVu Fonts},
  author = {{DejaVu fonts team} and {Bitstream, Inc.} and Bah, Tavmjong},
  note = {Version 2.37. Fonts (c) Bitstream, Inc. (2003) and Tavmjong Bah (2006),
          DejaVu changes in the public domain}
}
"""


class Glyphs(tfds.core.GeneratorBasedBuilder):
    """Characters in twelve faces; splits `{train,val,test}_{seen,unseen}`, one image a record."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = records.features((records.SIZE, records.SIZE, 1), faces.FACES, faces.FAMILIES)
        return tfds.core.DatasetInfo(
            builder=self,
            description=_DESCRIPTION,
            citation=_CITATION,
            homepage="https://dejavu-fonts.github.io",
            license="Bitstream Vera and Arev font licences; DejaVu changes in the public domain",
            features=tfds.features.FeaturesDict(features),
        )

    def _split_generators(self, dl_manager):
        del dl_manager  # nothing to download
        return records.splits(self._generate_examples)

    def _generate_examples(self, part, kind):
        shown = [face for face in faces.FACES if face_kind(face) == kind]
        for label, character in enumerate(classes()):
            if records.part_of(character) != part:
                continue
            for face in shown:
                example = {
                    "image": records.png(faces.draw(character, face)),
                    "character": character,
                    "name": faces.name(character),
                    "label": label,
                    "face": face,
                    "family": faces.family(face),
                }
                yield f"{label}/{face}", example


def face_kind(face):
    """Returns 'unseen' for a face of the held-out family, else 'seen'."""
    return "unseen" if faces.family(face) == HELD_OUT_FAMILY else "seen"


@functools.cache
def classes():
    """Returns the classes, tuple[str]: single characters in code point order; label = index."""
    characters = list(_without_copies(faces.shared_characters()))
    images = [[faces.draw(c, face) for face in ("sans", "serif")] for c in characters]
    return tuple(characters[index] for index in faces.distinct(np.array(images), MAX_SIMILARITY))


def _without_copies(characters):
    # An image that two splits share would leak from training into evaluation: DejaVu Mono has its
    # arrows from Sans, and an italic 'u' is the Cyrillic letter i.
    drawn = set()
    for character in characters:
        images = {"seen": set(), "unseen": set()}
        for face in faces.FACES:
            images[face_kind(face)].add(faces.draw(character, face).tobytes())
        both = images["seen"] | images["unseen"]
        if images["seen"].isdisjoint(images["unseen"]) and drawn.isdisjoint(both):
            drawn |= both
            yield character
