"""Catalogue: any TFDS data set of labelled images as a source of classes.

A class is a label; its first images stand for the styles that other data sets draw it in, each of
another example, half of which are held out. A lifetime needs a class of its own for each of its
items, so that small sets serve short lifetimes only.
"""

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

from memlearn.data import records
from memlearn.types import UserError

SIZE = 32  # side of an image, in pixels
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
        if not {"image", "label"} <= set(self._source.info.features):
            raise UserError(f"{source} has no images with labels")
        super().__init__(config=tfds.core.BuilderConfig(name=folder_of(source)), **settings)

    def _info(self):
        source = self._source.info
        text = tfds.features.Text()
        features = {
            "image": tfds.features.Image(shape=(SIZE, SIZE, 3), encoding_format="png"),
            "character": text,
            "name": text,
            "label": np.int64,
            "face": tfds.features.ClassLabel(names=[f"example {i}" for i in range(EXAMPLES)]),
            "family": tfds.features.ClassLabel(names=["seen", "unseen"]),
        }
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
        except OSError as error:
            why = str(error).splitlines()[0]
            raise UserError(f"TFDS could not prepare {self._source.name}: {why}") from error
        found = list(first_images(self._source, self._source.info.splits))
        return {
            f"{part}_{kind}": self._generate_examples(found, part, kind)
            for part in ("train", "val", "test")
            for kind in ("seen", "unseen")
        }

    def _generate_examples(self, found, part, kind):
        for record in found:
            if record["family"] == kind and records.part_of(record["name"]) == part:
                yield f"{record['label']}/{record['face']}", record


def folder_of(source):
    """Returns a name for a data set that can be that of a folder."""
    return source.replace("/", "_").replace(":", "_")


def first_images(source, splits):
    """Reads a data set, split after split, until there are enough images of every class.

    Args:
      source: tfds.core.DatasetBuilder, with the features `image` and `label`.
      splits: the names of its splits.

    Yields:
      records as they are written.
    """
    labels, found = source.info.features["label"], {}
    for split in splits:
        for record in source.as_data_source(split):
            label = int(record["label"])
            place = found.get(label, 0)
            if place == EXAMPLES:
                continue
            found[label] = place + 1
            name = labels.int2str(label)
            yield {
                "image": records.png(_small(record["image"])),
                "character": name,
                "name": name,
                "label": label,
                "face": place,
                "family": "seen" if place < EXAMPLES // 2 else "unseen",
            }
            if len(found) == labels.num_classes and min(found.values()) == EXAMPLES:
                return


def _small(image):
    """Scales an image [height, width, 1 or 3] to what all data sets have."""
    pixels = Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image).convert("RGB")
    return np.asarray(pixels.resize((SIZE, SIZE), Image.Resampling.BOX))
