"""The atlas: all a data set has of its classes as one array, for environments to index."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import tensorflow_datasets as tfds

from memlearn.data import build, records
from memlearn.data.classes import speech

WRITTEN = 48  # bytes of a name, in UTF-8
UNREAD = ("es", "ja")  # languages held out: one of known letters, one that has some from Chinese


class Atlas(NamedTuple):
    """Images, or other forms, by class and face, and which faces an agent may train on.

    Attributes:
      forms: uint8 [C, F, ...]; zeros where a face has none of a class. Images [32, 32, 3],
        spectrograms [FRAMES, BANDS], or names as UTF-8 [WRITTEN].
      there: bool [C, F], whether it has one.
      seen: int32 [S], the faces to train on.
      unseen: int32 [F - S], the faces held out for evaluation: whole families.
    """

    forms: jax.Array
    there: jax.Array
    seen: jax.Array
    unseen: jax.Array


class Legend(NamedTuple):
    """What the indices of an atlas mean; kept apart since strings do not pass through `jax.jit`.

    Attributes:
      characters: tuple[str] of length C, what is drawn.
      names: dict from languages to tuple[str] of length C, what it is called; English, `en`, is
        one of them.
      labels: tuple[int] of length C, the class among those of all splits.
      faces: tuple[str] of length F.
      families: tuple[str] of length F, the family of each face.
    """

    characters: tuple[str, ...]
    names: dict[str, tuple[str, ...]]
    labels: tuple[int, ...]
    faces: tuple[str, ...]
    families: tuple[str, ...]


def load(data="glyphs", classes="train", data_dir=None):
    """Loads all faces of the classes of one split, and builds the data set on first use.

    Args:
      data: str, a data set that `memlearn.data.build` knows.
      classes: str, 'train', 'val' or 'test'; no class is in two of them.
      data_dir: str or path, where data sets live; None for `build.default_data_dir()`.

    Returns:
      (Atlas, Legend); classes are sorted by label, faces are in the data set's order.

    Raises:
      ValueError: there is no such data set (`build.UnknownDataError`), or no such split.
      build.DamagedDataError: a file on disk is damaged; the message says how to rebuild it.
    """
    builder = build.prepare(data, data_dir)
    seen = _records(builder, f"{classes}_seen")
    unseen = _records(builder, f"{classes}_unseen")
    by_label = {int(record["label"]): record for record in seen + unseen}
    by_face = {int(record["face"]): record for record in seen + unseen}
    row = {label: index for index, label in enumerate(sorted(by_label))}

    features = builder.info.features
    faces = features["face"].names
    forms = np.zeros((len(row), len(faces), *seen[0]["image"].shape), np.uint8)
    there = np.zeros(forms.shape[:2], bool)
    for record in seen + unseen:
        place = row[int(record["label"])], int(record["face"])
        forms[place], there[place] = record["image"], True
    atlas = Atlas(jnp.asarray(forms), jnp.asarray(there), _faces_in(seen), _faces_in(unseen))
    legend = Legend(
        characters=tuple(by_label[label]["character"].decode() for label in row),
        names=_names([by_label[label] for label in row]),
        labels=tuple(row),
        faces=tuple(faces),
        families=tuple(
            features["family"].int2str(by_face[face]["family"]) for face in range(len(faces))
        ),
    )
    return atlas, legend


def spell(legend):
    """Writes the names of classes, each language a face.

    Args:
      legend: Legend.

    Returns:
      Atlas; where there are no languages but those held out, or none of them, none is held out.
    """
    written = [[records.utf8(name, WRITTEN) for name in names] for names in legend.names.values()]
    forms = jnp.asarray(np.stack(written, axis=1))
    faces = np.arange(len(legend.names))
    unread = np.isin(list(legend.names), UNREAD)
    seen, unseen = (
        (faces, faces) if unread.all() or not unread.any() else (faces[~unread], faces[unread])
    )
    return Atlas(forms, jnp.ones(forms.shape[:2], bool), jnp.asarray(seen), jnp.asarray(unseen))


def _names(classes):
    """The names that records of classes have: in several languages, or in English alone."""
    each = [record.get("names", {"en": record["name"]}) for record in classes]
    return {language: tuple(names[language].decode() for names in each) for language in each[0]}


def _records(builder, split):
    # TFDS leaves the images encoded, since Pillow decodes them faster. They are so small that to
    # read record by record would take twice as long.
    decoders = {"image": tfds.decode.SkipDecoding()}
    source = builder.as_data_source(split, decoders=decoders)
    mode = "L" if isinstance(builder, speech.Speech) else "RGB"
    return [
        {**record, "image": records.pixels(record["image"], mode)}
        for record in source.__getitems__(range(len(source)))
    ]


def _faces_in(records):
    return jnp.asarray(sorted({int(record["face"]) for record in records}), jnp.int32)
