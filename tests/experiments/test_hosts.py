"""Several hosts on one machine: one run together, and what happens when one of them ends."""

import functools
import json
import signal
import socket
import time

import numpy as np
import pytest

from memlearn.training import metrics
from tests import recordings
from tests.commands import Running, training
from tests.slow import SLOW

UPDATES = 16
BRIEF = f"--config.updates={UPDATES}", f"--config.validate_every={UPDATES}"
BRIEF += ("--config.memory.kind=gru",)  # compiles in less time
REWARDED = "--config.learner=ppo", "--config.ppo.minibatches=2"
NOTICED = 60  # seconds


def free_port():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def start(count, workdir, data_dir, *fields, config="binding"):
    """Start the hosts of a run; of one, as anybody would."""
    together = [f"--hosts={count}", f"--coordinator=localhost:{free_port()}"]
    line = [*training(workdir, data_dir, config=config), *BRIEF, *fields]
    line += together if count > 1 else []
    return [Running([*line, *([f"--host={host}"] if count > 1 else [])]) for host in range(count)]


def ended(processes):
    """Wait for all; return their exit codes and what they said."""
    said = [process.communicate(timeout=300)[1] for process in processes]
    return [process.returncode for process in processes], said


def losses(workdir):
    return [line["loss"] for line in metrics.read(workdir) if "loss" in line]


@pytest.fixture(scope="module")
def alone(tmp_path_factory, data_dir):
    """Function of fields to the losses of a run of one host."""

    @functools.cache
    def run(*fields, **config):
        workdir = tmp_path_factory.mktemp("alone") / "run"
        codes, said = ended(start(1, workdir, data_dir, *fields, **config))
        assert codes == [0], said
        return losses(workdir)

    return run


def interrupt(processes, victim, number, workdir):
    """Signal one host soon after a checkpoint; return all exit codes and what all said."""
    while len(losses(workdir)) < 6:
        assert processes[victim].poll() is None, processes[victim].communicate()
        time.sleep(0.1)
    processes[victim].send_signal(number)
    began = time.monotonic()
    codes, said = ended(processes)
    assert time.monotonic() - began < NOTICED
    return codes, said


def test_hosts_learn_as_one(alone, tmp_path, data_dir):
    codes, said = ended(start(2, tmp_path / "run", data_dir))
    assert codes == [0, 0], said
    np.testing.assert_allclose(losses(tmp_path / "run"), alone(), atol=1e-5)


@SLOW
@pytest.mark.parametrize("count, fewer", [(2, 2), (4, 2)])
def test_a_host_that_is_killed_ends_all_and_fewer_go_on(count, fewer, alone, tmp_path, data_dir):
    workdir, victim = tmp_path / "run", count // 2
    codes, said = interrupt(start(count, workdir, data_dir), victim, signal.SIGKILL, workdir)
    for host in {*range(count)} - {victim}:
        assert (codes[host], True) in (
            (75, "another host of this run has ended" in said[host]),
            # JAX aborts a host that was waiting to save.
            (-signal.SIGABRT, "another task died" in said[host]),
        ), said[host]
    codes, said = ended(start(fewer, workdir, data_dir))
    assert codes == [0] * fewer, said
    assert len(losses(workdir)) == UPDATES
    np.testing.assert_allclose(losses(workdir), alone(), atol=1e-5)


@SLOW
def test_hosts_that_act_stop_together_and_go_on(alone, tmp_path, data_dir):
    workdir = tmp_path / "run"
    codes, said = interrupt(start(2, workdir, data_dir, *REWARDED), 1, signal.SIGTERM, workdir)
    assert codes == [130, 130], said
    codes, said = ended(start(2, workdir, data_dir, *REWARDED))
    assert codes == [0, 0], said
    np.testing.assert_allclose(losses(workdir), alone(*REWARDED), atol=1e-5)


@SLOW
def test_hosts_that_each_read_a_part_learn_the_same(alone, tmp_path, data_dir):
    recordings.lifetimes(tmp_path / "lifetimes")
    folder = f"--config.experience.folder={tmp_path / 'lifetimes'}"
    fields = folder, "--config.experience.length=6", "--config.experience.held_out=0.3"
    codes, said = ended(start(2, tmp_path / "run", data_dir, *fields, config="offline"))
    assert codes == [0, 0], said
    expected = alone(*fields, config="offline")
    np.testing.assert_allclose(losses(tmp_path / "run"), expected, atol=1e-5)


def test_hosts_that_cannot_begin_say_so(tmp_path, data_dir):
    workdir = tmp_path / "run"
    workdir.mkdir()
    (workdir / "config.json").write_text(json.dumps({"seed": 5}))
    codes, said = ended(start(2, workdir, data_dir))
    assert codes == [2, 2]
    assert "holds a run with" in said[0] and "the first host could not begin" in said[1]
