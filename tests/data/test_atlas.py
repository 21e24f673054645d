"""Tests of the atlas, and of how a data set is built, interrupted and checked."""

import shutil
import subprocess
import sys
import time

import jax
import numpy as np
import pytest

from memlearn.data import atlas, build
from memlearn.data.classes import faces, glyphs
from tests.slow import SLOW

PARTS = ("train", "val", "test")
COMMAND = [sys.executable, "-m", "memlearn.data.build"]


@pytest.fixture(scope="module")
def held_out(data_dir):
    """Returns the atlas and the legend of the test classes."""
    return atlas.load("glyphs", "test", data_dir)


@pytest.fixture
def copied_dir(data_dir, tmp_path):
    """Returns a copy of the built data that a test may damage."""
    shutil.copytree(data_dir / "glyphs", tmp_path / "glyphs")
    return tmp_path


def test_atlas_holds_each_class_in_each_face(held_out):
    loaded, legend = held_out
    assert loaded.forms.shape == (len(legend.labels), 12, 32, 32, 3)
    assert loaded.there.shape == loaded.forms.shape[:2] and loaded.there.all()
    assert loaded.forms.dtype == np.uint8 and isinstance(loaded.forms, jax.Array)
    images = np.asarray(loaded.forms)
    for row, character in zip(images, legend.characters, strict=True):
        for image, face in zip(row, legend.faces, strict=True):
            drawn = faces.draw(character, face)
            np.testing.assert_array_equal(image, np.repeat(drawn[..., None], 3, axis=-1))


def test_legend_matches_the_classes(held_out):
    legend = held_out[1]
    assert list(legend.labels) == sorted(legend.labels)
    assert legend.characters == tuple(glyphs.classes()[label] for label in legend.labels)
    assert legend.names == {"en": tuple(map(faces.name, legend.characters))}
    assert legend.faces == faces.FACES


def test_held_out_faces_are_one_whole_family(held_out):
    loaded, legend = held_out
    families = np.array(legend.families)
    assert sorted([*loaded.seen.tolist(), *loaded.unseen.tolist()]) == list(range(12))
    assert set(families[np.asarray(loaded.unseen)]) == {"mono"}
    assert set(families[np.asarray(loaded.seen)]) == {"sans", "serif"}


def test_atlas_passes_through_jit(held_out):
    loaded = held_out[0]
    pick = jax.jit(lambda atlas, index: atlas.forms[index, atlas.unseen[0]])
    np.testing.assert_array_equal(pick(loaded, 3), loaded.forms[3, 8])


def test_splits_share_no_class(data_dir, held_out):
    train = atlas.load("glyphs", "train", data_dir)[1]
    assert set(train.characters).isdisjoint(held_out[1].characters)


def test_unknown_names_are_refused(data_dir):
    with pytest.raises(build.UnknownDataError, match=r"'glyph'.*known: glyphs, emoji; of TFDS"):
        atlas.load("glyph", "train", data_dir)
    with pytest.raises(ValueError, match="trian_seen"):
        atlas.load("glyphs", "trian", data_dir)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1000])


def flip_a_byte(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def remove(path):
    path.unlink()


@pytest.mark.parametrize("damage", [truncate, flip_a_byte, remove])
@pytest.mark.parametrize("pattern", ["*val_seen.array_record*", "dataset_info.json"])
def test_damage_is_reported(copied_dir, damage, pattern):
    (file,) = copied_dir.glob(f"glyphs/*/{pattern}")
    damage(file)
    with pytest.raises(build.DamagedDataError) as error:
        atlas.load("glyphs", "train", copied_dir)
    message = str(error.value)
    assert str(file) in message and "\n" not in message
    assert f"glyphs --overwrite --data_dir={copied_dir}" in message


def test_damaged_checksums_are_reported(copied_dir):
    (file,) = copied_dir.glob(f"glyphs/*/{build.CHECKSUMS}")
    file.write_bytes(b"")
    with pytest.raises(build.DamagedDataError):
        atlas.load("glyphs", "train", copied_dir)


@SLOW
def test_killed_build_is_done_again_with_the_same_images(tmp_path, held_out):
    command = [*COMMAND, "glyphs", f"--data_dir={tmp_path}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list(tmp_path.glob("glyphs/*/*.array_record*")) and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    assert process.wait() != 0
    assert list(tmp_path.glob("glyphs/incomplete.*"))

    rebuilt, legend = atlas.load("glyphs", "test", tmp_path)
    assert not list(tmp_path.glob("glyphs/incomplete.*"))
    np.testing.assert_array_equal(rebuilt.forms, held_out[0].forms)
    assert legend == held_out[1]
    assert "tensorflow" not in sys.modules


def test_unfinished_data_set_is_built_again(copied_dir, held_out):
    (file,) = copied_dir.glob("glyphs/*/*test_seen.array_record*")
    truncate(file)
    (file.parent / build.CHECKSUMS).unlink()
    rebuilt = atlas.load("glyphs", "test", copied_dir)[0]
    np.testing.assert_array_equal(rebuilt.forms, held_out[0].forms)


def test_command_prints_the_card_and_the_counts(build_run):
    output = build_run[1]
    count = len(glyphs.classes())
    assert f"Classes: {count}, {count} of them in every face." in output
    assert f"Images: {12 * count}, " in output
    assert "sans bold oblique" in output and "Families: sans, serif, mono." in output
    assert "Bitstream" in output and "cosine below 0.90" in output
    assert all(f"{part}_{kind}" in output for part in PARTS for kind in ("seen", "unseen"))


def test_command_refuses_an_unknown_name(tmp_path):
    command = [*COMMAND, "glyph", f"--data_dir={tmp_path}"]
    outcome = subprocess.run(command, capture_output=True, text=True)
    assert outcome.returncode == 2
    assert outcome.stderr.startswith(
        "error: no data set is called 'glyph'; known: glyphs, emoji; of"
    )
    assert len(outcome.stderr.splitlines()) == 1
