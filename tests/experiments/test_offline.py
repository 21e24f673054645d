"""Learning from recorded experience, by the commands of docs/learning.md, at a small size."""

import json
import os

import chex
import jax
import pytest

from experiments import courses, trained
from experiments.configs import offline
from memlearn import build
from memlearn.training import metrics, workdir
from memlearn.training.checkpoint import Checkpoints
from memlearn.types import SENSES
from tests import recordings
from tests.commands import call, command
from tests.worlds import small_config

SMALL = dict(words=6, batch=8, width=16, channels=(4, 4), updates=2, log_every=1)
SMALL |= {"validation_lifetimes": 4, "experience.held_out": 0.3}
SMALL |= {"memory.kind": "gru", "memory.hidden": 8, "memory.knowledge": 8, "memory.nearest": 4}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two data sets: lifetimes of ours, and episodes of the shape of Open X-Embodiment."""
    folder = tmp_path_factory.mktemp("offline")
    recordings.lifetimes(folder / "lifetimes", task="crossmodal", senses=SENSES)
    recordings.open_x(folder).rename(folder / "open_x_data")
    return folder


def training(folder, kind, data, *fields):
    place = f"--config.data_dir={folder / 'kept'}", f"--config.experience.folder={folder / data}"
    small = [f"--config.{name}={value}" for name, value in SMALL.items()]
    config = f"--config=experiments/configs/offline.py:{kind}"
    return command("train", config, f"--workdir={folder / kind}", *place, *small, *fields)


@pytest.mark.parametrize(
    ("kind", "data", "length", "source"),
    [
        ("senses", "lifetimes", 12, "lifetimes/1.0.0"),
        ("open_x", "open_x_data", 5, "open_x/1.0.0"),
    ],
)
def test_train_and_evaluate(folder, kind, data, length, source):
    length = f"--config.experience.length={length}"
    # Trained on eight devices, each with a part of what is known, and evaluated on one.
    run = call(training(folder, kind, data, length), env=os.environ)
    assert run.returncode == 0, run.stderr
    assert "reading what was recorded" in run.stderr
    assert [line["step"] for line in metrics.read(folder / kind) if "loss" in line] == [1, 2]
    arguments = f"--checkpoint={folder / kind}", "--lifetimes=4"
    run = call(command("evaluate", *arguments, "--json"))
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert (found["task"], found["step"], found["extrapolation"]) == (source, 2, {})
    for row in (found["seen"], found["heldout"]):
        assert list(row) == ["score", "low", "high", "empty", "chance"]
        assert 0 <= row["low"] <= row["score"] <= row["high"] <= 1
    assert "episodes trained on" in run.stderr and "held-out episodes" in run.stderr
    assert json.loads((folder / kind / "evaluation.json").read_text()) == found
    assert (folder / kind / "curves.png").stat().st_size > 1000


def test_reward_begins_with_what_recorded_lifetimes_taught(folder, data_dir, tmp_path, capsys):
    config = small_config()
    config.task, config.data_dir = "recorded", str(folder / "kept")
    config.experience.update(offline.MAPPINGS["lifetimes"], length=12, held_out=0.3)
    config.experience.folder = str(folder / "lifetimes")

    def course_of(config):
        return courses.course(config, build.policy(config), build.optimizer(config))

    taught = course_of(config).begin(jax.random.key(0))
    with workdir.claim(tmp_path, config):
        checkpoints = Checkpoints(tmp_path / "checkpoints")
        checkpoints.save(1, taught)
        checkpoints.close()
    rewarded = small_config()
    rewarded.learner, rewarded.data_dir = "ppo", str(data_dir)
    begun = trained.warmed(course_of(rewarded), tmp_path).begin(jax.random.key(1))
    chex.assert_trees_all_equal(begun.params, taught.params)
    assert "begins anew" not in capsys.readouterr().err


def test_what_plays_tasks_says_that_there_are_none(folder):
    out = folder / "again"
    run = call(command("record", f"--checkpoint={folder / 'open_x'}", f"--out={out}"))
    assert run.returncode == 2 and "a run on recorded experience plays no tasks" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


def test_bad_input_is_one_line_and_exit_code_2(folder):
    run = call(training(folder, "open_x", "nowhere"))
    assert run.returncode == 2 and f"there is no folder {folder / 'nowhere'}" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
