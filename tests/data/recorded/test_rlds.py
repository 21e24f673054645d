"""Recorded lifetimes: what TFDS reads, alone, is what was lived."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow_datasets as tfds

from memlearn.data import records
from memlearn.data.recorded import rlds
from memlearn.types import EPISODE, LIFETIME, UserError
from tests import recordings

# Another process, that knows nothing of memlearn.
READER = """
import sys
import tensorflow_datasets as tfds
builder = tfds.builder_from_directory(sys.argv[1])
episodes = builder.as_data_source("train")
right = [sum(step["reward"] for step in episode["steps"]) for episode in episodes]
asked = [sum(step["question"] for step in episode["steps"]) for episode in episodes]
assert all(step["observation"]["image"].shape == (32, 32, 3) for step in episodes[0]["steps"])
assert not {"memlearn", "tensorflow"} & set(sys.modules)
print(len(episodes), int(sum(right)), int(sum(asked)))
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The folder of a data set: three batches of lifetimes of a teacher that tries."""
    return tmp_path_factory.mktemp("rlds") / "recorded"


@pytest.fixture(scope="module")
def lived(written):
    return recordings.lifetimes(written)


def test_another_process_reads_them_without_memlearn(lived, written, tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", READER, str(written)], capture_output=True, text=True, cwd=tmp_path
    )
    assert run.returncode == 0, run.stderr
    right = sum(batch.rewards.sum() for batch in lived)
    asked = sum(batch.steps.question.sum() for batch in lived)
    assert run.stdout.split() == ["12", str(int(right)), str(int(asked))]


def test_steps_are_what_was_lived_and_an_end(lived, written):
    builder = tfds.builder_from_directory(str(written))
    assert builder.info.description == "for a test"
    assert builder.info.redistribution_info.license == "free to use"
    episodes = {int(x["lifetime"]): list(x["steps"]) for x in builder.as_data_source("train")}
    assert sorted(episodes) == list(range(12))
    batch, steps = lived[1], episodes[6]  # the third lifetime of the second batch
    length = batch.actions.shape[1]
    assert len(steps) == length + 1
    for t, step in enumerate(steps[:-1]):
        for name, x in batch.steps.observation.items():
            np.testing.assert_array_equal(step["observation"][name], x[2, t])
        for name, x in batch.steps.present.items():
            assert step["observation"]["present"][name] == x[2, t]
        for name in rlds.BESIDE:
            assert step[name] == getattr(batch.steps, name)[2, t]
        assert step["action"] == batch.actions[2, t] and step["reward"] == batch.rewards[2, t]
        assert step["discount"] == 1 and step["is_first"] == (t == 0)
        assert not step["is_last"] and not step["is_terminal"]
    assert [step["boundary"] for step in steps if step["boundary"]] == [LIFETIME, EPISODE]
    end = steps[-1]
    assert end["is_last"] and end["is_terminal"] and end["discount"] == 0
    assert not end["question"] and not any(end["observation"]["present"].values())


def test_what_is_there_is_not_written_over(lived, written):
    with pytest.raises(UserError, match="exists already"):
        rlds.write(iter(lived), written, "again", "")


def test_nothing_is_left_of_what_was_cut_off(lived, tmp_path):
    def cut_off():
        yield lived[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rlds.write(cut_off(), tmp_path / "recorded", "cut off", "")
    assert not list(tmp_path.iterdir())


def test_images_survive_being_written():
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    np.testing.assert_array_equal(records.pixels(records.png(image)), image)
