"""Jobs by submitit: they are run, and queued again where they were cut off, with and without SLURM.

Where SLURM is installed and we are root, it is started on this machine by slurm.sh.
"""

import os
import pathlib
import shutil
import subprocess
import time

import pytest

from launch.slurm import Call

submitit = pytest.importorskip("submitit")

# The first time it waits until it is cut off, and saves; the second time it goes on.
SAVES = """
import pathlib, signal, sys, time
saved = pathlib.Path({path!r})
if saved.exists():
    saved.write_text(saved.read_text() + ", went on")
    sys.exit()
def save(number, frame):
    saved.write_text("saved")
    sys.exit(130)
signal.signal(signal.SIGTERM, save)
pathlib.Path({path!r} + ".begun").touch()
time.sleep(60)
"""


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """SLURM with one node, this machine."""
    if not shutil.which("slurmctld") or os.getuid():
        pytest.skip("SLURM is not installed, or only root could start it: see slurm.sh")
    script, folder = pathlib.Path(__file__).with_name("slurm.sh"), tmp_path / "slurm"
    monkeypatch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
    subprocess.run([script, "start", folder], check=True)
    yield
    subprocess.run([script, "stop", folder], check=True)


def test_slurm_queues_a_preempted_job_again(tmp_path, slurm):
    executor = submitit.AutoExecutor(tmp_path / "logs", cluster="slurm")
    executor.update_parameters(timeout_min=10, cpus_per_task=1)
    job = executor.submit(Call(("-c", SAVES.format(path=str(tmp_path / "saved")))))
    while not (tmp_path / "saved.begun").exists():
        time.sleep(0.1)
    subprocess.run(["scancel", "--signal=USR2", job.job_id], check=True)  # to all its processes
    job.result()
    assert (tmp_path / "saved").read_text() == "saved, went on"


def test_a_job_whose_time_is_up_is_queued_again(tmp_path):
    executor = submitit.LocalExecutor(tmp_path / "logs", max_num_timeout=1)
    executor.update_parameters(timeout_min=3 / 60, signal_delay_s=1)
    job = executor.submit(Call(("-c", SAVES.format(path=str(tmp_path / "saved")))))
    job.result()
    assert (tmp_path / "saved").read_text() == "saved, went on"


def test_a_job_that_fails_is_said_to(tmp_path):
    job = submitit.LocalExecutor(tmp_path).submit(Call(("-c", "exit(3)")))
    assert "exit code 3" in str(job.exception())
