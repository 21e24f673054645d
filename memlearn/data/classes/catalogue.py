"""Catalogue: any TFDS data set of labelled images as a source of classes.

A class is a label; its first images stand for the styles that other data sets draw it in, each of
another example, half of which are held out. A lifetime needs a class of its own for each of its
items, so that small sets serve short lifetimes only.
"""

import functools
import itertools

import tensorflow_datasets as tfds
from PIL import Image

from memlearn.data import records
from memlearn.types import UserError

EXAMPLES = 12  # images of a class, at most
PREFIX = "tfds:"  # of the name of such a data set in a configuration


class Catalogue(tfds.core.GeneratorBasedBuilder):
    """Classes of another data set; splits `{train,val,test}_{seen,unseen}`, one image a record.

    Args:
      source: str, the name of the other one, such as 'omniglot' or 'emnist/balanced'.
      **settings: of a builder.
    """

    VERSION = tfds.core.Version("1.0.0")

    def __init__(self, *, source, **settings):
        self._source = tfds.builder(source, data_dir=settings["data_dir"])
        kinds = {"image": tfds.features.Image, "label": tfds.features.ClassLabel}
        features = self._source.info.features
        if not all(n in features and isinstance(features[n], kinds[n]) for n in kinds):
            raise UserError(f"{source} has no images with labels of classes")
        super().__init__(config=tfds.core.BuilderConfig(name=folder_of(source)), **settings)

    def _info(self):
        source = self._source.info
        faces = [f"example {i}" for i in range(EXAMPLES)]
        features = records.features((records.SIZE, records.SIZE, 3), faces, ["seen", "unseen"])
        return tfds.core.DatasetInfo(
            builder=self,
            description=f"The first {EXAMPLES} images of each class of {source.full_name}.\n"
            "Splits: classes train/val/test 70/10/20 by a hash of the label, times images "
            "seen/unseen.\n" + source.description,
            citation=source.citation,
            homepage=source.homepage,
            license=source.redistribution_info.license or "see the homepage",
            features=tfds.features.FeaturesDict(features),
        )

    def _split_generators(self, dl_manager):
        del dl_manager  # the other one has its own
        try:
            self._source.download_and_prepare(file_format="array_record")
        except Exception as error:  # of the other one's code, that might raise anything
            why = str(error).strip().partition("\n")[0] or type(error).__name__
            hint = "; to prepare it takes TensorFlow: pip install -e '.[tfds]'"
            hint = hint if "tensorflow" in str(error) else ""
            raise UserError(f"TFDS could not prepare {self._source.name}: {why}{hint}") from error
        found = first_images(self._source, self._source.info.splits)
        for part in ("train", "val", "test"):
            if not any(records.part_of(record["name"]) == part for record in found):
                raise UserError(
                    f"{self._source.name} has no class for {part}: of its classes, those with "
                    f"{EXAMPLES} images are split 70/10/20, and they are too few"
                )
        return records.splits(functools.partial(self._generate_examples, found))

    def _generate_examples(self, found, part, kind):
        for record in found:
            if record["family"] == kind and records.part_of(record["name"]) == part:
                yield f"{record['label']}/{record['face']}", record


def folder_of(source):
    """Returns a name for a data set that can be that of a folder."""
    return source.replace("/", "_").replace(":", "_")


def first_images(source, splits):
    """Reads a data set, split after split, until there are enough images of every class.

    Classes of which there are not enough are left out.

    Args:
      source: tfds.core.DatasetBuilder, with the features `image` and `label`.
      splits: the names of its splits.

    Returns:
      records as they are written, a list of dicts.
    """
    labels = source.info.features["label"]
    found = {label: [] for label in range(labels.num_classes)}
    for record in itertools.chain.from_iterable(map(source.as_data_source, splits)):
        images, name = found[int(record["label"])], labels.int2str(int(record["label"]))
        if len(images) < EXAMPLES:
            image = {
                "image": records.png(_small(record["image"])),
                "character": name,
                "name": name,
                "label": int(record["label"]),
                "face": len(images),
                "family": "seen" if len(images) < EXAMPLES // 2 else "unseen",
            }
            images.append(image)
            if all(len(images) == EXAMPLES for images in found.values()):
                break
    return [x for images in found.values() if len(images) == EXAMPLES for x in images]


def _small(image):
    """Scales an image [height, width, 1 or 3] to what all data sets have."""
    return records.small(Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image))
