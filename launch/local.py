"""Run jobs on this machine, some at a time, beside a table of how they stand.

    python -m launch.local --study=experiments/ablations/keys.py [--seeds=3] [--workers=2]
        [--gpus=0] [--dry-run] [-- OPTIONS OF EACH]
    python -m launch.local --config=experiments/configs/binding.py --workdir=runs/binding

Each worker has an even share of the cores and of the GPUs. A job that fails stops no other; what it
printed is in --logs. Interrupted, it lets every job save what it has.
"""

import collections
import os
import pathlib
import signal
import subprocess
import sys
import time
from typing import NamedTuple

from rich.console import Console
from rich.live import Live
from rich.table import Table

from launch import jobs


class Worker(NamedTuple):
    """A share of the machine: numbers of its cores, and of its GPUs."""

    cores: tuple[int, ...]
    gpus: tuple[int, ...]


class Running(NamedTuple):
    """A job that has begun: its process, where it prints to, since when, and by which worker."""

    process: subprocess.Popen
    log: pathlib.Path
    since: float
    worker: Worker


def main():
    parser = jobs.options(__doc__)
    parser.add_argument("--logs", default="runs/logs", help="the folder for what jobs print")
    parser.add_argument("--workers", type=int, default=1, help="jobs at a time")
    parser.add_argument("--gpus", type=int, default=0, help="of this machine, to be shared out")
    given, asked = jobs.asked(parser)
    if given.workers < 1:
        parser.error("--workers must be 1 or more")
    if given.dry_run:
        return jobs.show(asked)
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell may have had the former ignored
        signal.signal(number, signal.default_int_handler)
    try:
        ended = run(asked, workers(given.workers, given.gpus), pathlib.Path(given.logs))
    except KeyboardInterrupt:
        print("interrupted; give the same command again to go on", file=sys.stderr)
        sys.exit(130)
    for name, (code, log) in ended.items():
        if code:
            print(f"{name} failed with exit code {code}: see {log}", file=sys.stderr)
    sys.exit(any(code for code, _ in ended.values()))


def workers(number, gpus):
    """Return the `Worker`s that a machine is shared out to; one has every core if cores are few."""
    cores = sorted(os.sched_getaffinity(0))
    return [
        Worker(tuple(cores[i::number]) or tuple(cores), tuple(range(gpus)[i::number]))
        for i in range(number)
    ]


def run(asked, free, folder):
    """Run all jobs; return name -> exit code and log.

    Args:
      asked: list of `Job`.
      free: list of `Worker`.
      folder: `pathlib.Path`, where logs are appended to.

    Raises:
      KeyboardInterrupt: if interrupted, once every job has ended.
    """
    folder.mkdir(parents=True, exist_ok=True)
    waiting, running, ended = collections.deque(asked), {}, {}
    with Live(console=Console(stderr=True), auto_refresh=False) as live:
        try:
            while waiting or running:
                while waiting and free:
                    job = waiting.popleft()
                    running[job.name] = begin(job, free.pop(), folder)
                for name, job in list(running.items()):
                    if job.process.poll() is not None:
                        ended[name] = job.process.returncode, job.log
                        free.append(running.pop(name).worker)
                live.update(table(asked, running, ended), refresh=True)
                time.sleep(0.5)
        except KeyboardInterrupt:
            for job in running.values():
                job.process.send_signal(signal.SIGTERM)
            for job in running.values():
                job.process.wait()
            raise
    return ended


def begin(job, worker, folder):
    """Start a job on a worker's share of the machine; return what is `Running`."""
    log = folder / f"{job.name}.log"
    gpus = {"CUDA_VISIBLE_DEVICES": ",".join(map(str, worker.gpus))} if worker.gpus else {}
    with log.open("a") as file:
        process = subprocess.Popen(
            [sys.executable, *job.command], stdout=file, stderr=file, env={**os.environ, **gpus},
            start_new_session=True,  # the terminal's interrupt comes by way of us, once
        )  # fmt: skip
    os.sched_setaffinity(process.pid, worker.cores)
    return Running(process, log, time.time(), worker)


def table(asked, running, ended):
    """Return how all jobs stand, as a `rich` table."""
    shown = Table("job", "state", "minutes", "last said")
    for job in asked:
        state, minutes, said = "waiting", "", ""
        if job.name in running:
            state, minutes = "running", f"{(time.time() - running[job.name].since) / 60:.1f}"
            said = last_line(running[job.name].log)
        elif job.name in ended:
            code, log = ended[job.name]
            state, said = "failed" if code else "done", last_line(log)
        shown.add_row(job.name, state, minutes, said)
    return shown


def last_line(log):
    """Return the last line of a log that says something."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        text = file.read().decode(errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


if __name__ == "__main__":
    main()
