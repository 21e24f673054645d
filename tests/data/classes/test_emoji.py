"""Emoji: three small sets that are drawn here; and, where npm is there, the real ones."""

import hashlib
import io
import json
import shutil
import tarfile

import numpy as np
import pytest

from memlearn.data import atlas, build
from memlearn.data.classes import emoji, icons, packages, styles
from memlearn.types import UserError
from tests.slow import SLOW

GREY, RED, BLUE, WHITE = [128] * 3, [255, 0, 0], [0, 0, 255], [255] * 3


# What npm says where there is no network.
FAILING = """#!/bin/sh
echo npm error code ENOTFOUND >&2
echo npm error syscall getaddrinfo >&2
echo npm error A complete log of this run can be found in: debug-0.log >&2
exit 1
"""


def left_half(color):
    return f'<path fill="{color}" d="M0 0h8v16H0z"/>'


# The second set lists no code points, and calls the dog by another name; the third has no cat. All
# have forty more, a bar each, so that no split is empty.
CHARS = {"1F436": "dog", "1F431": "cat", "2764-FE0F": "heart"}
MORE = {f"1F6{number:02X}": f"bar {number}" for number in range(40)}
SETS = {
    emoji.CLASSES: (dict.fromkeys(CHARS.values(), left_half("red")), {}, CHARS),
    "noto-v1": (
        {"dog-face": left_half("blue"), "cat": left_half("white"), "heart": left_half("white")},
        {"dog": {"parent": "dog-face", "hFlip": True}},
        {},
    ),
    emoji.HELD_OUT_FAMILY: (
        {"hound": left_half("blue"), "heart": left_half("blue")},
        {},
        {"1F436": "hound", "2764": "heart"},
    ),
}


def pack(package, files, folder):
    """Writes the archive of a package as npm would, and returns the package with its checksum."""
    folder.mkdir(exist_ok=True)
    with tarfile.open(folder / package.archive, "w:gz") as archive:
        for name, content in files.items():
            data = json.dumps(content).encode()
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    digest = hashlib.sha256((folder / package.archive).read_bytes()).hexdigest()
    return package._replace(sha256=digest)


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Returns a folder of data with the archives of the small sets, which stand for the real."""
    known, made = {style.name: style for style in styles.STYLES}, []
    for index, (name, (drawings, aliases, chars)) in enumerate(SETS.items()):
        bodies = {drawing: {"body": body} for drawing, body in drawings.items()}
        for number, bar in enumerate(MORE.values()):
            path = f'<path d="M0 {index}h{number / 4 + 1}v2H0z"/>'
            bodies[bar] = {"body": path}
        icon_set = {"icons": bodies, "aliases": aliases}
        files = {"icons.json": icon_set, "chars.json": {**chars, **MORE} if chars else {}}
        package = pack(known[name].package, files, tmp_path / "downloads")
        made.append(known[name]._replace(package=package))
    named = {
        f"{language}/data.json": [described(*each, language) for each in {**CHARS, **MORE}.items()]
        for language in emoji.LANGUAGES
    }
    monkeypatch.setattr(styles, "STYLES", tuple(made))
    monkeypatch.setattr(styles, "NAMES", pack(styles.NAMES, named, tmp_path / "downloads"))
    return tmp_path


def described(point, name, language):
    """What emojibase says of an emoji."""
    character, label = chr(int(point.partition("-")[0], 16)), f"{name} in {language}"
    return {"hexcode": point, "emoji": character, "label": label, "tags": ["tag"], "group": 3}


def records(builder):
    return [x for split in builder.info.splits for x in builder.as_data_source(split)]


def test_every_style_draws_the_classes_that_it_has(small):
    found = records(build.prepare("emoji", small))
    images = {(x["character"].decode(), int(x["face"])): x["image"] for x in found}
    assert len(found) == len(images) == 3 * (3 + 40) - 1, "the held-out style has no cat"
    for (character, face), ink, ground in (
        (("\N{DOG FACE}", 0), (0, RED), (31, GREY)),
        (("\N{DOG FACE}", 1), (31, BLUE), (0, GREY)),  # mirrored, and under another name
        (("\N{CAT FACE}", 1), (0, WHITE), (31, GREY)),
        (("\N{HEAVY BLACK HEART}", 2), (0, BLUE), (31, GREY)),
    ):
        image = images[character, face]
        assert image.shape == (32, 32, 3)
        for column, color in (ink, ground):
            np.testing.assert_array_equal(image[:, column], np.tile(color, (32, 1)))
    cat = next(x for x in found if x["character"].decode() == "\N{CAT FACE}")
    assert cat["name"].decode() == "cat in en" and cat["names"]["ja"].decode() == "cat in ja"
    assert [tag.decode() for tag in cat["tags"]] == ["tag"] and cat["group"] == 3


def test_the_atlas_knows_what_a_style_has_not(small):
    for part in ("train", "val", "test"):
        loaded, legend = atlas.load("emoji", part, small)
        images, there = np.asarray(loaded.forms), np.asarray(loaded.there)
        assert loaded.unseen.tolist() == [2] and images.shape[:2] == there.shape
        for name, *row in zip(legend.names["en"], images, there):
            expected = [True, True, name != "cat in en"]
            assert row[1].tolist() == expected
            assert [image.any() for image in row[0]] == expected


def test_what_looks_alike_is_in_one_split():
    def record(label, points, image):
        return {"label": label, "points": points, "image": image}

    many = [record(label, f"1f{label:03x}", label) for label in range(300)]
    parts = emoji.split(many)
    assert {"train", "val", "test"} == set(parts.values())
    held_out = [label for label, part in parts.items() if part == "test"][:2]
    trained = next(label for label, part in parts.items() if part == "train")
    again = emoji.split([*many, record(trained, many[trained]["points"], held_out[0])])
    assert again[trained] == again[held_out[0]], "they have an image in common"
    assert all(
        again[label] == parts[label] for label in parts if label not in (trained, held_out[0])
    )
    pairs = ("1f9d1-200d-1f3a8", "1f468-200d-1f3a8"), ("1f6b6", "1f6b6-200d-2640")
    for number, points in enumerate(pairs):
        both = emoji.split(
            [record(label, point, (number, label)) for label, point in enumerate(points)]
        )
        assert both[0] == both[1]


def test_icons_keep_their_proportions():
    icon_set = icons.IconSet.__new__(icons.IconSet)
    icon_set._set = {
        "icons": {"wide": {"body": '<path fill="red" d="M0 0h32v16H0z"/>', "width": 32}}
    }
    image = icon_set.draw("wide")
    np.testing.assert_array_equal(image[8:24], np.tile(RED, (16, 32, 1)))
    np.testing.assert_array_equal(image[:8], np.tile(GREY, (8, 32, 1)))


def test_what_was_there_stays_where_building_it_anew_fails(small, monkeypatch):
    before = len(records(build.prepare("emoji", small)))
    archive = small / "downloads" / styles.NAMES.archive
    archive.unlink()
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UserError, match="npm is needed"):
        build.prepare("emoji", small, overwrite=True)
    assert len(records(build.prepare("emoji", small))) == before


def test_without_npm_there_is_one_line(small, monkeypatch):
    archive = small / "downloads" / styles.NAMES.archive
    archive.write_bytes(archive.read_bytes()[:-1])  # cut off: to be fetched again
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UserError, match=r"npm is needed .* not installed .*data=glyphs") as error:
        build.prepare("emoji", small)
    assert "\n" not in str(error.value)


def test_what_cannot_be_fetched_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "npm").write_text(FAILING)
    (tmp_path / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(UserError, match=r"could not fetch emojibase.*\(npm error code ENOTFOUND\)"):
        packages.fetch(styles.NAMES, tmp_path)


def test_another_archive_is_refused(tmp_path, monkeypatch):
    (tmp_path / "npm").write_text(f"#!/bin/sh\necho other > {styles.NAMES.archive}\n")
    (tmp_path / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(UserError, match="is not the archive that is known here"):
        packages.fetch(styles.NAMES, tmp_path)


@SLOW
@pytest.mark.skipif(not shutil.which("npm"), reason="npm is not installed")
def test_the_real_set_is_whole(tmp_path):
    try:
        packages.fetch(styles.NAMES, tmp_path / "downloads")
    except UserError as error:
        pytest.skip(str(error))
    card = build.describe(build.prepare("emoji", tmp_path))
    assert "Classes: 1594, 1054 of them in every face." in card and "Images: 12860, " in card
    images = set()
    for part in ("train", "val", "test"):
        loaded = atlas.load("emoji", part, tmp_path)[0]
        drawn = {x.tobytes() for x in np.asarray(loaded.forms)[np.asarray(loaded.there)]}
        assert images.isdisjoint(drawn), "an image is in two splits"
        images |= drawn
        seen = np.asarray(loaded.there)[:, np.asarray(loaded.seen)].sum(1)
        assert np.all(seen >= 2) and np.all(np.asarray(loaded.there)[:, np.asarray(loaded.unseen)])
