"""Jobs on this machine: how many at a time, what becomes of those that fail, and an interrupt."""

import os
import subprocess
import sys
import time

from launch import local
from launch.jobs import Job

SAVES = """
import signal, sys, time
def save(number, frame):
    print("saved")
    sys.exit(130)
signal.signal(signal.SIGTERM, save)
print("begun", flush=True)
time.sleep(60)
"""
LAUNCH = """
import pathlib, signal, sys
from launch import local
from launch.jobs import Job
jobs = [Job(name, ("-c", sys.argv[2])) for name in ("one", "two", "three")]
signal.signal(signal.SIGTERM, signal.default_int_handler)
local.run(jobs, local.workers(2, 0), pathlib.Path(sys.argv[1]))
"""


def job(name, code):
    return Job(name, ("-c", code))


def test_all_are_run_and_what_fails_stops_none(tmp_path):
    asked = [job("good", "print('well')"), job("bad", "print('oh'); exit(3)"), job("last", "")]
    ended = local.run(asked, local.workers(1, 0), tmp_path)
    assert {name: code for name, (code, _) in ended.items()} == {"good": 0, "bad": 3, "last": 0}
    assert (tmp_path / "good.log").read_text() == "well\n"
    assert local.last_line(tmp_path / "bad.log") == "oh"
    assert local.last_line(tmp_path / "last.log") == ""


def test_workers_share_the_machine(tmp_path):
    cores = os.sched_getaffinity(0)
    workers = local.workers(2, 5)
    assert [worker.gpus for worker in workers] == [(0, 2, 4), (1, 3)]
    assert set(workers[0].cores) | set(workers[1].cores) == cores
    if len(cores) > 1:
        assert not set(workers[0].cores) & set(workers[1].cores)
    told = "import os; print(os.environ['CUDA_VISIBLE_DEVICES'])"
    told += "; import time; time.sleep(0.1); print(sorted(os.sched_getaffinity(0)))"
    local.run([job("one", told)], workers[1:], tmp_path)
    assert (tmp_path / "one.log").read_text() == f"1,3\n{sorted(workers[1].cores)}\n"


def test_an_interrupt_lets_every_job_save(tmp_path):
    launched = subprocess.Popen(
        [sys.executable, "-c", LAUNCH, str(tmp_path), SAVES], stderr=subprocess.DEVNULL
    )
    logs = [tmp_path / f"{name}.log" for name in ("one", "two")]
    while not all(log.exists() and log.read_text() for log in logs):
        assert launched.poll() is None
        time.sleep(0.01)
    launched.terminate()
    assert launched.wait(timeout=30)
    assert [log.read_text() for log in logs] == ["begun\nsaved\n"] * 2
    assert not (tmp_path / "three.log").exists()
