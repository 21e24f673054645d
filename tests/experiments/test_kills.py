"""A run that is killed at twenty random moments, in saves too, ends the same to the bit."""

import random
import signal
import time

import chex
import jax

from memlearn.training import metrics
from memlearn.training.checkpoint import Checkpoints
from tests.commands import Running, call, training
from tests.slow import SLOW
from tests.worlds import small_run

KILLS = 20
FIELDS = "--config.updates=60", "--config.checkpoint_every=1", "--config.validate_every=30"


def latest(workdir):
    folder = workdir / "checkpoints"
    saved = [int(path.name) for path in folder.glob("*") if path.name.isdigit()]
    return max(saved, default=0)


@SLOW
def test_killed_at_random_it_ends_the_same_to_the_bit(tmp_path, data_dir):
    whole, cut, chance = tmp_path / "whole", tmp_path / "cut", random.Random(0)
    assert call(training(whole, data_dir, *FIELDS)).returncode == 0
    for _ in range(KILLS):
        before, more, pause = latest(cut), chance.randrange(4), chance.uniform(0, 0.2)
        process = Running(training(cut, data_dir, *FIELDS))
        while latest(cut) < before + more:
            assert process.poll() is None, "it was still running"
            time.sleep(0.001)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert latest(cut) >= before, "no checkpoint is lost"
    assert call(training(cut, data_dir, *FIELDS)).returncode == 0

    def end(workdir):
        restored = Checkpoints(workdir / "checkpoints").restore(like=small_run(updates=60).state)
        return restored._replace(key=jax.random.key_data(restored.key))

    chex.assert_trees_all_equal(end(cut), end(whole))
    lines = [
        [line["loss"] for line in metrics.read(place) if "loss" in line] for place in (whole, cut)
    ]
    assert lines[0] == lines[1] and len(lines[0]) == 60
