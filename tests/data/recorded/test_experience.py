"""Recorded experience: what is learned from is what was recorded, whatever happens on the way."""

import json
import shutil
import subprocess
import sys

import jax
import numpy as np
import pytest

from memlearn import types
from memlearn.data import records
from memlearn.data.recorded import codebook, episodes, experience
from memlearn.types import LIFETIME, NONE, UserError
from tests import recordings
from tests.recordings import LENGTHS, LIFETIMES, OPEN_X, SENSES

# Another process: nothing on the way from a data set to its steps needs TensorFlow.
READER = """
import ast, sys
from memlearn.data.recorded import experience, mapping
fields = mapping.Mapping(*ast.literal_eval(sys.argv[3]))
found = experience.load(sys.argv[1], fields, 4, 0.3, sys.argv[2])
assert "tensorflow" not in sys.modules
print(len(found.steps.question))
"""


@pytest.fixture(scope="module")
def open_x(tmp_path_factory):
    return recordings.open_x(tmp_path_factory.mktemp("open_x"))


@pytest.fixture(scope="module")
def tfrecord(open_x):
    return recordings.as_tfrecord(open_x, open_x.parent / "tfrecord")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


def load(folder, data_dir, mapping=OPEN_X):
    return experience.load(folder, mapping, words=4, held_out=0.3, data_dir=data_dir)


def same(found, expected):
    jax.tree.map(np.testing.assert_array_equal, found, expected)


def test_steps_of_open_x_are_what_was_recorded(open_x, data_dir):
    found = load(open_x, data_dir)
    steps, seen = found.steps, found.steps.observation
    # Which episode a step is of, and when; TFDS shuffles the episodes of a split.
    episode, t = seen["vector"].T.astype(int)
    assert sorted(set(episode[found.first])) == list(range(10))
    assert set(episode[found.first][:7]) == set(range(7)), "splits are one after the other"
    assert (t[found.first] == 0).all()
    length = np.diff(found.first, append=len(t))
    np.testing.assert_array_equal(length, np.take(LENGTHS, episode[found.first]) - 1)

    assert seen["image"].shape == (len(t), 32, 32, 3)
    for row, column, red in ((0, 0, 250), (0, 31, 150), (31, 0, 50), (31, 31, 0)):
        expected = np.stack([np.full_like(t, red), 20 * episode, 10 * t], axis=1)
        np.testing.assert_array_equal(seen["image"][:, row, column], expected)
    written = [bytes(text).rstrip(b"\0").decode() for text in seen["text"]]
    assert written == [f"pick up {e}" if now else "" for e, now in zip(episode, t)]
    np.testing.assert_array_equal(steps.present["text"], t > 0)
    np.testing.assert_array_equal(steps.boundary, np.where(t == 0, LIFETIME, NONE))
    np.testing.assert_array_equal(seen["reward"], np.maximum(t - 1, 0))
    np.testing.assert_array_equal(steps.present["reward"], t > 0)
    assert steps.question.all() and (steps.choices == 4).all() and steps.present["image"].all()


def test_continuous_actions_are_words(open_x, data_dir):
    steps = load(open_x, data_dir).steps
    episode, t = steps.observation["vector"].T.astype(int)
    kind = 2 * (episode % 2) + t % 2  # which way it went, and what the gripper did
    assert len(set(steps.oracle)) == 4 == len(set(zip(kind, steps.oracle)))
    before = np.where(t > 0, np.roll(steps.oracle, 1), 0)
    np.testing.assert_array_equal(steps.observation["action"], before)
    np.testing.assert_array_equal(steps.present["action"], t > 0)


def test_both_kinds_of_files_hold_the_same(open_x, tfrecord, data_dir):
    first, second = load(open_x, data_dir), load(tfrecord, data_dir)
    same(second.steps, first.steps)
    assert second.card == first.card and first.card["episodes"] == 10
    assert first.card["held_out_variance_lost_by_codes"] < 1e-6


@pytest.mark.parametrize(
    ("mapping", "fields"),
    [(LIFETIMES, {}), (SENSES, dict(task="crossmodal", senses=types.SENSES))],
)
def test_lifetimes_come_back_as_they_were_lived(tmp_path, mapping, fields):
    lived = recordings.lifetimes(tmp_path / "recorded", **fields)
    found = load(tmp_path / "recorded", tmp_path, mapping)
    lived = jax.tree.map(lambda *x: np.concatenate(x), *(record.steps for record in lived))
    length = lived.question.shape[1]
    assert (np.diff(found.first) == length).all(), "the end, which has no action, is left out"
    back = jax.tree.map(lambda x: x.reshape(-1, length, *x.shape[1:]), found.steps)
    order = [np.lexsort(each.observation["image"].reshape(12, -1).T) for each in (back, lived)]
    back, lived = (jax.tree.map(lambda x, i=i: x[i], s) for s, i in zip((back, lived), order))
    assert (back.observation["action"] != back.oracle).any()
    same(back, lived)


def test_what_was_kept_is_used_again(open_x, data_dir, monkeypatch):
    before = load(open_x, data_dir)
    monkeypatch.setattr(episodes, "read", None)
    same(load(open_x, data_dir), before)


@pytest.mark.parametrize("name", ["image.npy", "codes.npy", "card.json"])
def test_what_is_damaged_is_named_and_made_anew(open_x, tmp_path, caplog, name):
    before = load(open_x, tmp_path)
    expected = jax.tree.map(np.copy, before)
    (file,) = tmp_path.glob(f"experience/*/{name}")
    data = bytearray(file.read_bytes())
    data[-9] ^= 1
    file.write_bytes(data)
    same(load(open_x, tmp_path), expected)
    assert f"{file} is damaged; it is made anew from open_x/1.0.0" in caplog.text
    caplog.clear()
    same(load(open_x, tmp_path), expected)
    assert not caplog.text


def test_reading_goes_on_where_it_was_interrupted(open_x, data_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(experience, "NOTED", 0)
    read, numbers = episodes.read, []

    def cut_off(source, paths, first):
        for number, episode in enumerate(read(source, paths, first), start=first):
            if number == 6 and not first:
                raise KeyboardInterrupt
            numbers.append(number)
            yield episode

    monkeypatch.setattr(episodes, "read", cut_off)
    with pytest.raises(KeyboardInterrupt):
        load(open_x, tmp_path)
    (half,) = tmp_path.glob("experience/*/image.npy")
    with half.open("ab") as file:
        file.write(b"what was being written")
    same(load(open_x, tmp_path), load(open_x, data_dir))
    assert numbers == list(range(10)), "each episode was read once"


@pytest.mark.parametrize("kind", ["array_record", "tfrecord"])
@pytest.mark.parametrize("how", ["changed", "cut off", "empty"])
def test_a_damaged_file_of_the_data_set_is_named(request, open_x, tfrecord, tmp_path, kind, how):
    source = open_x if kind == "array_record" else tfrecord
    shutil.copytree(source, tmp_path / "copy")
    (file,) = (tmp_path / "copy").glob("*train*")
    data = bytearray(file.read_bytes())
    data[500] ^= 255
    file.write_bytes({"changed": data, "cut off": data[:300], "empty": b""}[how])
    with pytest.raises(UserError, match=f"{file.name} is damaged: .*; record or fetch it again"):
        load(tmp_path / "copy", tmp_path)
    assert not list(tmp_path.glob("experience/*/SHA256SUMS"))


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"image": "observation/hand"}, "has no field 'observation/hand'; there are: action/g"),
        ({"image": "observation/state"}, "image must be an image of uint8; observation/state is"),
        ({"text": "reward"}, "text must be a text; reward is Tensor, float32 []"),
        ({"speech": "observation/image"}, "speech must be uint8, both sides multiples of 32; obs"),
        ({"text_length": 0}, "text must be tokens, integers [L], while text_length is 0; obs"),
        ({"vector": ("observation/image",)}, "vector must be numbers, all of one shape; obs"),
        ({"action": ()}, "action names no field, and there is nothing to learn"),
        ({"question": "reward"}, "question must be a flag; reward is"),
        ({"oracle": "reward"}, "oracle must be an integer; reward is"),
    ],
)
def test_what_cannot_be_mapped_is_one_line(open_x, data_dir, fields, complaint):
    with pytest.raises(UserError) as error:
        load(open_x, data_dir, OPEN_X._replace(**fields))
    assert complaint in str(error.value) and "\n" not in str(error.value)


def test_what_is_no_data_set_is_one_line(open_x, data_dir, tmp_path):
    for folder, complaint in (
        (tmp_path / "nowhere", "there is no folder"),
        (tmp_path, "holds no data set of TFDS"),
    ):
        with pytest.raises(UserError, match=complaint) as error:
            load(folder, data_dir)
        assert "\n" not in str(error.value)
    with pytest.raises(UserError, match="too few episodes, 10, for some to be held out"):
        experience.load(open_x, OPEN_X, words=4, held_out=0.0001, data_dir=data_dir)
    with pytest.raises(UserError, match="fewer actions than words = 64"):
        experience.load(open_x, OPEN_X, words=64, held_out=0.3, data_dir=tmp_path)
    shutil.copytree(open_x, tmp_path / "flat")
    features = json.loads((open_x / "features.json").read_text())
    del features["featuresDict"]["features"]["steps"]
    (tmp_path / "flat" / "features.json").write_text(json.dumps(features))
    with pytest.raises(UserError, match="not in the format of RLDS: it has no steps with is_last"):
        load(tmp_path / "flat", data_dir)


def test_an_image_that_cannot_be_read_is_named(open_x, tmp_path, monkeypatch):
    def truncated(picture):
        raise OSError("image file is truncated")

    monkeypatch.setattr(records, "small", truncated)
    with pytest.raises(UserError, match=r"the image of episode 0 of open_x/1\.0\.0 cannot be read"):
        load(open_x, tmp_path)


def test_an_episode_without_an_action_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(recordings, "LENGTHS", (*LENGTHS[:7], 3, 1, 3))
    with pytest.raises(UserError, match=r"episode [789] is empty: it has no step with an action"):
        load(recordings.open_x(tmp_path), tmp_path)


def test_codes_stand_for_the_actions_around_them():
    rng = np.random.default_rng(0)
    which = rng.integers(0, 3, 400)
    actions = np.float32([[0, 0], [1, 0], [0, 100]])[which]
    actions += rng.normal(size=actions.shape) * np.float32([0.01, 1])
    held_out = np.arange(400) % 4 == 0
    first, second = (codebook.learn(actions, held_out, words=3) for _ in range(2))
    same(second, first)
    np.testing.assert_allclose(first.centres[first.codes], actions, atol=5)
    assert len(np.unique(np.stack([which, first.codes]), axis=1).T) == 3, "one code a cluster"
    assert first.error < 0.01


def test_no_tensorflow_on_the_way(tfrecord, tmp_path):
    command = [sys.executable, "-c", READER, str(tfrecord), str(tmp_path), str(tuple(OPEN_X))]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == [str(sum(LENGTHS) - len(LENGTHS))]


def test_images_stay_on_disk_until_needed(open_x, data_dir):
    assert isinstance(load(open_x, data_dir).steps.observation["image"].base, np.memmap)
