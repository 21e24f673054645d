"""Tests of what the glyphs are: their images, classes and splits."""

import collections
import itertools

import numpy as np
import pytest
from scipy import ndimage

from memlearn.data import build, records
from memlearn.data.classes import faces, glyphs

PARTS = ("train", "val", "test")


@pytest.fixture(scope="module")
def splits(data_dir):
    """Returns all records, as a dict from the name of a split to a list of examples."""
    source = build.prepare("glyphs", data_dir).as_data_source()
    return {split: images.__getitems__(range(len(images))) for split, images in source.items()}


def values(records, key):
    return {record[key] for record in records}


def test_splits_are_disjoint_by_class_and_family(splits):
    for left, right in itertools.combinations(PARTS, 2):
        for kind in ("seen", "unseen"):
            pair = splits[f"{left}_{kind}"], splits[f"{right}_{kind}"]
            assert values(pair[0], "label").isdisjoint(values(pair[1], "label"))
            assert values(pair[0], "character").isdisjoint(values(pair[1], "character"))
    for part in PARTS:
        seen, unseen = splits[f"{part}_seen"], splits[f"{part}_unseen"]
        assert values(seen, "label") == values(unseen, "label")
        assert values(seen, "face").isdisjoint(values(unseen, "face"))
        assert values(seen, "family") == {0, 1} and values(unseen, "family") == {2}


def test_no_image_is_in_two_splits_or_two_classes(splits):
    places = collections.defaultdict(set)
    for split, images in splits.items():
        for record in images:
            places[record["image"].tobytes()].add((split, record["label"]))
    assert max(len(where) for where in places.values()) == 1


def test_size_and_proportions(splits):
    counts = np.array([len(values(splits[f"{part}_seen"], "label")) for part in PARTS])
    assert counts.sum() == len(glyphs.classes()) >= 600
    assert (
        len(values([r for split in splits.values() for r in split], "face"))
        == len(faces.FACES)
        == 12
    )
    np.testing.assert_allclose(counts / counts.sum(), [0.7, 0.1, 0.2], atol=0.03)


def test_records_say_what_is_drawn(splits):
    names = {}
    for record in splits["train_seen"] + splits["test_seen"]:
        character = record["character"].decode()
        assert glyphs.classes()[record["label"]] == character
        np.testing.assert_array_equal(
            record["image"][..., 0], faces.draw(character, faces.FACES[record["face"]])
        )
        names[character] = record["name"].decode()
    assert names["0"] == "digit zero"
    assert names["B"] == "latin capital letter b"
    assert names["\N{GREEK SMALL LETTER BETA}"] == "greek small letter beta"
    assert names["\N{SQUARE ROOT}"] == "square root"


def test_glyphs_are_centred_and_fill_the_frame():
    for character in ".-|Wg":
        rows, columns = np.nonzero(faces.draw(character, "serif oblique"))
        for inked in (rows, columns):
            assert abs(inked.min() - (faces.SIZE - 1 - inked.max())) <= 1
        assert 25 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 26


def test_bold_has_more_ink_and_oblique_leans():
    plain, bold, oblique = (
        np.array([faces.draw(c, face) for c in "HIEFLTN"], np.float64)
        for face in ("sans", "sans bold", "sans oblique")
    )
    assert np.all(bold.sum((1, 2)) > plain.sum((1, 2)))
    top, bottom = (_mean_column(half) for half in (oblique[:, :16], oblique[:, 16:]))
    plain_top, plain_bottom = (_mean_column(half) for half in (plain[:, :16], plain[:, 16:]))
    assert np.all(top - bottom > plain_top - plain_bottom + 2)


def _mean_column(images):
    return (images * np.arange(faces.SIZE)).sum((1, 2)) / images.sum((1, 2))


def test_kept_classes_are_no_near_twins_and_dropped_ones_are():
    candidates = list(glyphs._without_copies(faces.shared_characters()))
    images = [[faces.draw(c, face) for face in ("sans", "serif")] for c in candidates]
    blurred = np.array([[ndimage.gaussian_filter(x * 1.0, 1) for x in row] for row in images])
    cosine = np.corrcoef(blurred.reshape(len(candidates), -1))
    kept = np.isin(candidates, glyphs.classes())
    before = np.tril(cosine, -1)[:, kept].max(axis=1)
    margin = 1e-9  # of rounding: the cosines here are computed in another order
    assert before[kept].max() < glyphs.MAX_SIMILARITY + margin
    assert before[~kept].min() > glyphs.MAX_SIMILARITY - margin


def test_distinct_prefers_the_first():
    a, b = np.zeros((2, 1, 8, 8), np.uint8)
    a[0, 2:4] = b[0, :, 5:7] = 255
    assert faces.distinct(np.array([a, a, b, a, b]), max_similarity=0.9) == [0, 2]


def test_split_of_a_character_never_changes():
    # Literal, since a change here would move classes between training and evaluation.
    expected = {"A": "train", "B": "test", "C": "train", "F": "test", "O": "val", "P": "train"}
    assert {character: records.part_of(character) for character in expected} == expected
