"""Emoji: a class is an emoji, a style is a set of drawings of all of them by one hand.

The classes are the 1,594 emoji that `fluent-emoji-high-contrast` draws: without skin tones and
flags of countries. Another style draws a class under its code points or, where a style lists none,
under a name that other styles give it: 12,860 images in all. Six of the nine styles have every
class, and 1,054 classes are in all nine. The artwork is no part of this package: it is fetched in
pinned versions and drawn on the machine of whoever uses it.
"""

import functools
import json
import pathlib

import numpy as np
import tensorflow_datasets as tfds
from rich import console, progress
from scipy import sparse

from memlearn.data import records
from memlearn.data.classes import icons, packages, styles

CLASSES = "fluent-emoji-high-contrast"  # the style that has what is a class
HELD_OUT_FAMILY = "twemoji"
LANGUAGES = ("en", "de", "fr", "es", "ja", "zh")
# Code points of a man, a woman, a person, female, male, rightwards, and what joins them.
_APART = {"1f468", "1f469", "1f9d1", "2640", "2642", "27a1", "200d"}
GROUPS = (
    *("smileys-emotion", "people-body", "component", "animals-nature", "food-drink"),
    *("travel-places", "activities", "objects", "symbols", "flags"),
)

_LICENCES = "\n".join(
    f"  {style.name}: {style.artist}, {style.licence}, npm {style.package.name} "
    f"{style.package.version}."
    for style in styles.STYLES
)
_DESCRIPTION = f"""\
Emoji drawn in nine styles, as {records.SIZE}x{records.SIZE} images on grey ground, with their names
in {len(LANGUAGES)} languages, tags and a group.
Splits: classes train/val/test 70/10/20 by a hash of the emoji, those that look alike together,
times styles seen/unseen, where unseen is the whole {HELD_OUT_FAMILY} family. No image is in two
splits.
Licences; whoever shows the images names the artist, and shares changes to those of OpenMoji alike:
{_LICENCES}
  Names, tags and groups: emojibase, MIT, npm {styles.NAMES.name} {styles.NAMES.version}.
"""


class Emoji(tfds.core.GeneratorBasedBuilder):
    """Emoji in nine styles; splits `{train,val,test}_{seen,unseen}`, one image a record."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        text, drawn = tfds.features.Text(), styles.STYLES
        families = list(dict.fromkeys(style.family for style in drawn))
        features = {
            **records.features(
                (records.SIZE, records.SIZE, 3), [style.name for style in drawn], families
            ),
            "names": tfds.features.FeaturesDict(dict.fromkeys(LANGUAGES, text)),
            "tags": tfds.features.Sequence(text),
            "group": tfds.features.ClassLabel(names=GROUPS),
        }
        return tfds.core.DatasetInfo(
            builder=self,
            description=_DESCRIPTION,
            homepage="https://icon-sets.iconify.design",
            license="of each style its own; see the description",
            features=tfds.features.FeaturesDict(features),
        )

    def _split_generators(self, dl_manager):
        folder = pathlib.Path(dl_manager.download_dir)
        pinned = [styles.NAMES, *(style.package for style in styles.STYLES)]
        fetch = functools.partial(packages.fetch, folder=folder)
        names, *drawings = _each(fetch, pinned, "fetching packages")
        sets = {s.name: icons.IconSet(file) for s, file in zip(styles.STYLES, drawings)}
        wanted = list(_wanted(sets, _described(names)))
        drawn = _each(functools.partial(_drawn, sets), wanted, "drawing emoji")
        return records.splits(functools.partial(self._generate_examples, drawn, split(drawn)))

    def _generate_examples(self, drawn, parts, part, kind):
        for record in drawn:
            unseen = record["family"] == HELD_OUT_FAMILY
            if parts[record["label"]] == part and unseen == (kind == "unseen"):
                kept = {key: record[key] for key in self.info.features}
                yield f"{record['label']}/{record['face']}", kept


def split(drawn):
    """Splits classes, those that look alike together, so that no image is in two splits.

    Alike are classes of which one style has the same image, and those that are told apart only by
    somebody's sex or by where they are going.

    Args:
      drawn: list of dicts: `label`, an index of classes, `points`, and `image`, anything hashable.

    Returns:
      dict from labels to 'train', 'val' or 'test', with probabilities .7, .1 and .2.
    """
    first, alike = {}, []
    for record in drawn:
        kind = [part for part in record["points"].split("-") if part not in _APART]
        for trait in (record["image"], tuple(kind)):
            alike.append((first.setdefault(trait, record["label"]), record["label"]))
    points = {record["label"]: record["points"] for record in drawn}
    graph = sparse.coo_matrix((np.ones(len(alike)), tuple(zip(*alike))), (len(points),) * 2)
    group = sparse.csgraph.connected_components(graph, directed=False)[1]
    named = {group[label]: points[label] for label in sorted(points, reverse=True)}
    return {label: records.part_of(named[group[label]]) for label in points}


def _wanted(sets, described):
    """Lists what is to be drawn: a record for each class and each style that has it."""
    names = {}  # code points -> what styles call them
    for icon_set in sets.values():
        for points, name in icon_set.points.items():
            names.setdefault(points, set()).add(name)
    for label, points in enumerate(sorted(sets[CLASSES].points)):
        for style in styles.STYLES:
            icon_set = sets[style.name]
            called = [icon_set.points.get(points), *sorted(names[points])]
            drawings = [name for name in called if name in icon_set]
            if drawings:
                about = dict(points=points, label=label, face=style.name, family=style.family)
                yield {**about, "drawing": drawings[0], **described[points]}


def _described(archive):
    """Maps code points to what is said of an emoji: its character, names, tags and group."""
    read = {
        language: {
            icons.plain(entry["hexcode"]): entry
            for entry in json.loads(packages.read(archive, f"{language}/data.json"))
        }
        for language in LANGUAGES
    }
    return {
        points: {
            "character": entry["emoji"],
            "name": entry["label"],
            "names": {language: read[language][points]["label"] for language in LANGUAGES},
            "tags": entry.get("tags", []),
            "group": GROUPS[entry["group"]],
        }
        for points, entry in read["en"].items()
        if "group" in entry
    }


def _drawn(sets, record):
    image = sets[record["face"]].draw(record["drawing"])
    return {**record, "image": records.png(image)}


def _each(function, things, doing):
    """Applies a function, and shows how far it is, how fast it goes and when it will be done."""
    with progress.Progress(console=console.Console(stderr=True), transient=True) as bar:
        return [function(thing) for thing in bar.track(things, description=doing)]
