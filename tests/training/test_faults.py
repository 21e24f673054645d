"""What befalls a run from outside: a disk that is full or read-only, and clocks that jump."""

import contextlib
import shutil
import subprocess
import time

import chex
import pytest

from memlearn.training.checkpoint import Checkpoints
from memlearn.training.workdir import claim
from memlearn.types import UserError
from tests.training.test_checkpoint import plain, save, state
from tests.worlds import small_config


def mount(folder, *options):
    line = ["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)]
    return shutil.which("mount") and subprocess.run(line, capture_output=True).returncode == 0


@pytest.fixture
def disk(tmp_path):
    """Returns the folder of a disk of one megabyte."""
    if not mount(tmp_path, "-o", "size=1m"):
        pytest.skip("it takes the right to mount a small disk")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_full_disk_leaves_the_last_whole_checkpoint(disk):
    save(disk / "checkpoints", 1)
    rest = disk / "rest"
    with contextlib.suppress(OSError), rest.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    complaint = "No space left on device; the last whole one is of step 1, where"
    with (
        pytest.raises(UserError, match=complaint),
        contextlib.closing(Checkpoints(disk / "checkpoints")) as checkpoints,
    ):
        checkpoints.save(2, state(2))
    rest.unlink()
    after = Checkpoints(disk / "checkpoints")
    chex.assert_trees_all_equal(plain(after.restore(like=state(0))), plain(state(1)))
    save(disk / "checkpoints", 2)


def test_a_read_only_disk_is_refused(disk):
    with claim(disk / "run", small_config()):
        pass
    assert mount(disk, "-o", "remount,ro")
    complaint = "cannot be written: Read-only file system"
    with pytest.raises(UserError, match=complaint), claim(disk / "run", small_config()):
        pass


def test_a_clock_that_jumps_changes_nothing(tmp_path, monkeypatch):
    now = time.time
    for step, jump in enumerate((0.0, 1e6, -1e6, -2e6), 1):
        monkeypatch.setattr(time, "time", lambda jump=jump: now() + jump)
        save(tmp_path, step)
        restored = Checkpoints(tmp_path).restore(like=state(0))
        chex.assert_trees_all_equal(plain(restored), plain(state(step)))
