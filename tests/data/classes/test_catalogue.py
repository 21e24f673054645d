"""Data sets of TFDS as sources of classes: a small one, written here, and mocks of others."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from memlearn.data import atlas, build, records
from memlearn.data.classes import catalogue
from memlearn.types import UserError

CLASSES, IMAGES = 40, 13


class Shapes(tfds.core.GeneratorBasedBuilder):
    """Forty grey squares, thirteen images of each, in two splits."""

    VERSION = tfds.core.Version("1.0.0")
    lacking = 0  # so many classes have an image less

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
            for number in range(first, last - (last == IMAGES and label < self.lacking)):
                image = records.png(np.full((16, 16), 6 * label, np.uint8))
                yield f"{label}/{number}", {"image": image, "label": label}


def test_classes_are_those_of_the_other_data_set(tmp_path):
    names = []
    for part in ("train", "val", "test"):
        loaded, legend = atlas.load("tfds:shapes", part, tmp_path)
        assert loaded.forms.shape[1:] == (12, 32, 32, 3) and loaded.there.all()
        assert loaded.seen.tolist() == [*range(6)] and loaded.unseen.tolist() == [*range(6, 12)]
        for label, row in zip(legend.labels, np.asarray(loaded.forms)):
            np.testing.assert_array_equal(row, 6 * label)
        names += legend.names["en"]
    assert sorted(names) == sorted(f"shape {label}" for label in range(CLASSES))
    card = build.describe(build.prepare("tfds:shapes", tmp_path))
    assert "Classes: 40, 40 of them in every face." in card


@pytest.mark.parametrize("name", ["omniglot", "mnist", "emnist", "quickdraw_bitmap"])
def test_images_of_others_are_made_alike(name, monkeypatch):
    monkeypatch.setattr(catalogue, "EXAMPLES", 1)
    with tfds.testing.mock_data(num_examples=20):
        source = tfds.builder(name)
        found = catalogue.first_images(source, ["train"])
    assert len(found) > 1
    for record in found:
        assert records.pixels(record["image"]).shape == (32, 32, 3)
        assert record["name"] == source.info.features["label"].names[record["label"]]
        assert record["face"] == 0


def test_classes_of_few_images_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "EXAMPLES", IMAGES)
    monkeypatch.setattr(Shapes, "lacking", 20)
    names = [atlas.load("tfds:shapes", part, tmp_path)[1].names for part in ("train", "test")]
    assert not {f"shape {label}" for label in range(20)} & {*names[0], *names[1]}


def test_too_few_classes_are_said(tmp_path, monkeypatch):
    monkeypatch.setattr(Shapes, "lacking", CLASSES - 1)
    monkeypatch.setattr(catalogue, "EXAMPLES", IMAGES)
    with pytest.raises(UserError, match=r"shapes has no class for \w+: .* too few"):
        build.prepare("tfds:shapes", tmp_path)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            ConnectionError("no such host\nand a long story"),
            r"^TFDS could not prepare shapes: no such host$",
        ),
        (
            ModuleNotFoundError("No module named 'tensorflow'"),
            r"takes TensorFlow: pip install -e '.\[tfds\]'",
        ),
    ],
)
def test_what_cannot_be_prepared_is_one_line(tmp_path, monkeypatch, error, message):
    def fail(*args, **settings):
        raise error

    monkeypatch.setattr(Shapes, "download_and_prepare", fail)
    with pytest.raises(UserError, match=message):
        build.prepare("tfds:shapes", tmp_path)


@pytest.mark.parametrize("name", ["omniglut", "emnist/balancd", "omniglot:9.9.9", ""])
def test_a_data_set_that_tfds_has_not_is_refused(tmp_path, name):
    with pytest.raises(build.UnknownDataError, match=f"TFDS has no data set '{name}'") as error:
        build.prepare(f"tfds:{name}", tmp_path)
    assert "\n" not in str(error.value)
