"""How fast recorded experience is read, and whether training ever waits for it.

    python -m benchmarks.experience [--quick]

Records lifetimes of a teacher, of experiments/configs/offline.py, as an RLDS data set in a folder
of its own; prints a table, and appends one JSON object a row to --output.
"""

import pathlib
import statistics
import tempfile
import time
from unittest import mock

import jax
import numpy as np
import tensorflow_datasets as tfds
from absl import app, logging
from rich.console import Console
from rich.table import Table

from benchmarks import timing
from experiments.configs import binding, offline
from memlearn import build, recorded, worlds
from memlearn.data.recorded import rlds
from memlearn.data.recorded.rows import Rows
from memlearn.learning import imitation
from memlearn.tasks import play
from memlearn.training.parallel import parallel

RECORDED = 64  # lifetimes that are recorded at a time
UPDATES = 100


def record(folder, batches):
    """Record so many batches of lifetimes of a teacher of `binding`."""
    config = binding.get_config()
    env, world = build.environment(config), worlds.world(config, **worlds.SEEN)

    @jax.jit
    def live(key):
        states = play.reset(env, world, jax.random.split(key, RECORDED))
        carry = play.new_teacher(key, RECORDED, env.words)
        return play.play(env, world, states, play.teacher(0.2), carry, env.length)[2]

    lived = (live(jax.random.key(seed)) for seed in range(batches))
    rlds.write(lived, folder, "lifetimes of a teacher, for a benchmark", "")


def reading(folder, config):
    """Measure steps a second of every way to read; return a list of dicts of figures."""
    episodes = tfds.builder_from_directory(str(folder)).as_data_source("train")
    few = range(8 if timing.QUICK.value else 64)
    start = time.perf_counter()
    experience = recorded.load(config)
    cached = len(experience.steps.question) / (time.perf_counter() - start)
    ways = {
        "RLDS, decoded step by step": lambda: sum(len(list(episodes[i]["steps"])) for i in few),
        "arrays to batches": _batches(config, Rows(experience, False, config.experience.length)),
    }
    rows = [{"experience": "RLDS to arrays, once", "steps_per_second": cached}]
    for name, read in ways.items():
        rates = [_rate(read) for _ in range(2 if timing.QUICK.value else timing.REPETITIONS.value)]
        rows.append({"experience": name, "steps_per_second": statistics.median(rates)})
    return rows


def _rate(read):
    start = time.perf_counter()
    steps = read()
    return steps / (time.perf_counter() - start)


def _batches(config, rows):
    """A function that makes a hundred batches, of all rows in any order."""
    rng = np.random.default_rng(0)

    def read():
        drawn = rng.integers(len(rows.starts), size=(100, config.batch))
        return sum(rows.batch(x).question.size for x in drawn)

    return read


def training(config):
    """Measure updates on recorded batches and, in turns, on one batch again; as `reading`."""
    policy, optimizer, key = build.policy(config), build.optimizer(config), jax.random.key(0)
    experience = recorded.load(config)
    draw = recorded.teaching(config, experience)
    one = Rows(experience, False, config.experience.length).batch(np.arange(config.batch))
    update = parallel(build.update(config, policy, optimizer), "jit", config.batch).update
    state = imitation.init(policy, optimizer, draw(key, 0), key)
    waited, at = [], recorded.Ahead.at

    def timed(*arguments):
        start = time.perf_counter()
        batch = at(*arguments)
        waited.append(time.perf_counter() - start)
        return batch

    ways = {"batches": timed, "one batch again": lambda *_: one}
    taken = {name: [] for name in ways}
    for step in range(1, 4 if timing.QUICK.value else UPDATES):
        for name, way in ways.items():
            start = time.perf_counter()
            with mock.patch.object(recorded.Ahead, "at", way):
                state = jax.block_until_ready(update(state, draw(key, step)))[0]
            taken[name].append(time.perf_counter() - start)
    found = []
    for name, seconds in taken.items():
        rate = one.question.size / statistics.median(seconds[1:])  # the first is compiled
        found.append({"experience": f"training on {name}", "steps_per_second": rate})
    waits = waited[1:]
    found[0]["waiting"] = sum(waits) / sum(taken["batches"][1:])
    found[0] |= {"median_wait": statistics.median(waits), "longest_wait": max(waits)}
    return found


def as_table(rows):
    """Return the figures as a `rich` table."""
    table = Table(caption="waiting: for a batch, as a share of the time, and in ms")
    table.add_column("", no_wrap=True)
    for name in ("steps/s", "waiting", "median", "longest"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        waits = []
        if "waiting" in row:
            lengths = (f"{1e3 * row[f'{which}_wait']:.2f}" for which in ("median", "longest"))
            waits = [f"{row['waiting']:.4f}", *lengths]
        table.add_row(row["experience"], f"{row['steps_per_second']:,.0f}", *waits)
    return table


def main(_):
    logging.set_verbosity(logging.WARNING)  # JAX tells of every backend that it does not find
    config = offline.get_config()
    if timing.QUICK.value:
        config.batch, config.channels, config.memory.slots = 2, (4, 4, 4), 4
    with tempfile.TemporaryDirectory() as private:
        folder = pathlib.Path(private, "recorded")
        record(folder, batches=1 if timing.QUICK.value else 16)
        config.data_dir, config.experience.folder = private, str(folder)
        rows = reading(folder, config) + training(config)
    about = dict(batch=config.batch, length=config.experience.length)
    timing.append([row | about for row in rows])
    Console(width=timing.WIDTH).print(as_table(rows))


if __name__ == "__main__":
    app.run(main)
