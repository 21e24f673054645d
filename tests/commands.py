"""Commands, as a user runs them, except that what takes long to import was imported before.

A server imports it once, and each command is a process that was forked from it: half of what most
commands take here is to import. What JAX reads of `env` when it is imported, `JAX_*`, is the
server's.
"""

import atexit
import multiprocessing
import os
import pathlib
import runpy
import signal
import subprocess
import sys
import tempfile

# Not gymnax, which computes something when it is imported: no device may be in use at a fork.
IMPORTED = [
    *("jax", "flax.linen", "optax", "orbax.checkpoint", "grain", "tensorflow_datasets"),
    *("ml_collections.config_flags", "rich.progress", "scipy.cluster.vq", "scipy.stats"),
    *("seaborn", "matplotlib.pyplot"),
]
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(IMPORTED)
# Commands run on one device, where other tests have eight: that compiles sooner.
ONE_DEVICE = {**os.environ, "XLA_FLAGS": os.environ["XLA_FLAGS"].replace("count=8", "count=1")}
UPDATES = 16
SMALL = (
    "--config.classes=3 --config.delay=1 --config.words=6 --config.batch=8 --config.width=16 "
    "--config.channels=(4,4) --config.memory.banks=2 "
    "--config.memory.slots=8 --config.memory.key_width=8 --config.memory.value_width=8 "
    "--config.memory.hidden=16 "
    f"--config.updates={UPDATES} --config.log_every=1 --config.checkpoint_every=4 "
    "--config.validate_every=6 --config.validation_lifetimes=8"
).split()


def command(module, *arguments):
    return [f"experiments.{module}", *arguments]


def training(workdir, data_dir, *fields, config="binding"):
    place = f"--workdir={workdir}", f"--config.data_dir={data_dir}"
    config = f"--config=experiments/configs/{config}.py"
    return command("train", config, *place, *SMALL, *fields)


def call(arguments, env=ONE_DEVICE):
    """Run a command to its end; return its `subprocess.CompletedProcess`."""
    running = Running(arguments, env)
    said = running.communicate(timeout=300)
    return subprocess.CompletedProcess(arguments, running.returncode, *said)


class Running:
    """A command that has begun; it is to be used as a `subprocess.Popen` is."""

    def __init__(self, arguments, env=ONE_DEVICE):
        self._arguments, self._folder = arguments, tempfile.TemporaryDirectory()
        self._said = [pathlib.Path(self._folder.name, name) for name in ("out", "err")]
        for path in self._said:
            path.touch()
        self._process = FORKS.Process(
            target=_run, args=(arguments, dict(env), self._said), daemon=True
        )
        self._process.start()

    @property
    def returncode(self):
        return self._process.exitcode

    def poll(self):
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self._process.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout=None):
        self._process.join(timeout)
        if self.poll() is None:
            self.kill()
            self._process.join()
            said = [path.read_text() for path in self._said]
            raise subprocess.TimeoutExpired(self._arguments, timeout, *said)
        return self.returncode

    def communicate(self, timeout=None):
        self.wait(timeout)
        return tuple(path.read_text() for path in self._said)


def _run(arguments, env, said):
    """Be the command: `python -m MODULE ARGUMENTS`."""
    for stream, path in zip((1, 2), said):
        with path.open("wb") as file:
            os.dup2(file.fileno(), stream)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = arguments
    try:
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()  # a fork ends without; JAX takes leave of other hosts there
