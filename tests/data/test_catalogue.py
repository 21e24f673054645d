"""Data sets of TFDS as sources of classes: a small one, written here, and mocks of others."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from memlearn.data import atlas, build, catalogue, records
from memlearn.types import UserError

CLASSES, IMAGES = 40, 13


class Shapes(tfds.core.GeneratorBasedBuilder):
    """Forty grey squares, thirteen images of each, in two splits."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(16, 16, 1)),
            "label": tfds.features.ClassLabel(names=[f"shape {i}" for i in range(CLASSES)]),
        }
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(0, 7), "test": self._generate_examples(7, IMAGES)}

    def _generate_examples(self, first, last):
        for label in range(CLASSES):
            for number in range(first, last):
                image = records.png(np.full((16, 16), 6 * label, np.uint8))
                yield f"{label}/{number}", {"image": image, "label": label}


def test_classes_are_those_of_the_other_data_set(tmp_path):
    names = []
    for part in ("train", "val", "test"):
        loaded, legend = atlas.load("tfds:shapes", part, tmp_path)
        assert loaded.images.shape[1:] == (12, 32, 32, 3) and loaded.there.all()
        assert loaded.seen.tolist() == [*range(6)] and loaded.unseen.tolist() == [*range(6, 12)]
        for label, row in zip(legend.labels, np.asarray(loaded.images)):
            np.testing.assert_array_equal(row, 6 * label)
        names += legend.names
    assert sorted(names) == sorted(f"shape {label}" for label in range(CLASSES))
    card = build.describe(build.prepare("tfds:shapes", tmp_path))
    assert "Classes: 40, 40 of them in every face." in card


@pytest.mark.parametrize("name", ["omniglot", "mnist", "emnist", "quickdraw_bitmap"])
def test_images_of_others_are_made_alike(name):
    with tfds.testing.mock_data(num_examples=20):
        source = tfds.builder(name)
        found = list(catalogue.first_images(source, ["train"]))
    assert len(found) == 20
    for record in found:
        assert records.pixels(record["image"]).shape == (32, 32, 3)
        assert record["name"] == source.info.features["label"].names[record["label"]]
        assert 0 <= record["face"] < 12


def test_what_cannot_be_downloaded_is_one_line(tmp_path, monkeypatch):
    def fail(*args, **settings):
        raise ConnectionError("no such host\nand a long story")

    monkeypatch.setattr(Shapes, "download_and_prepare", fail)
    with pytest.raises(UserError, match=r"^TFDS could not prepare shapes: no such host$"):
        build.prepare("tfds:shapes", tmp_path)


def test_a_data_set_that_tfds_has_not_is_refused(tmp_path):
    with pytest.raises(build.UnknownDataError, match="TFDS has no data set 'omniglut'; of TFDS"):
        build.prepare("tfds:omniglut", tmp_path)
