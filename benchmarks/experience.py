"""How fast recorded experience is read, and whether training ever waits for it.

    python -m benchmarks.experience [--quick]

Records lifetimes of a teacher, of experiments/configs/offline.py, as an RLDS data set in a folder
of its own; prints a table, and appends one JSON object a row to --output.
"""

import itertools
import pathlib
import statistics
import tempfile
import time

import jax
import numpy as np
import tensorflow_datasets as tfds
from absl import app, logging
from rich.console import Console
from rich.table import Table

from benchmarks import timing
from experiments.configs import binding, offline
from memlearn import build, recorded, worlds
from memlearn.data import rlds
from memlearn.data.rows import Rows
from memlearn.learning import imitation
from memlearn.tasks import play
from memlearn.training.parallel import parallel

RECORDED = 64  # lifetimes that are recorded at a time


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
        "arrays, verified and mapped": lambda: len(recorded.load(config).steps.question),
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
    """Measure updates with recorded batches, and with one batch again and again; as `reading`."""
    policy, optimizer, key = build.policy(config), build.optimizer(config), jax.random.key(0)
    draw = recorded.teaching(config, recorded.load(config))
    update = parallel(build.update(config, policy, optimizer), "jit", config.batch).update
    steps = draw(key, 0)
    one, numbers = jax.block_until_ready(steps), itertools.count()
    ways = {"one batch again and again": lambda: one, "batches": lambda: draw(key, next(numbers))}
    state, rows = imitation.init(policy, optimizer, steps, key), []
    state = jax.block_until_ready(update(state, draw(key, next(numbers))))[0]  # compiled
    for name, ready in ways.items():
        waited, start = [], time.perf_counter()
        for _ in range(2 if timing.QUICK.value else 100):
            asked = time.perf_counter()
            batch = ready()
            waited.append(time.perf_counter() - asked)
            state = jax.block_until_ready(update(state, batch))[0]
        seconds = time.perf_counter() - start
        rate = len(waited) * steps.question.size / seconds
        row = {"experience": f"training on {name}", "steps_per_second": rate}
        rows.append(row | {"waiting": sum(waited) / seconds, "longest_wait": max(waited)})
    return rows


def as_table(rows):
    """Return the figures as a `rich` table."""
    table = Table(caption="waiting: the share of the time until a batch is there; longest, in ms")
    table.add_column("", no_wrap=True)
    for name in ("steps/s", "waiting", "longest"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        waits = []
        if "waiting" in row:
            waits = [f"{row['waiting']:.4f}", f"{1e3 * row['longest_wait']:.2f}"]
        table.add_row(row["experience"], f"{row['steps_per_second']:,.0f}", *waits)
    return table


def main(_):
    logging.set_verbosity(logging.WARNING)  # JAX tells of every backend that it does not find
    config = offline.get_config()
    if timing.QUICK.value:
        config.batch, config.channels, config.memory.slots = 2, (4, 4, 4), 4
    with tempfile.TemporaryDirectory() as private:
        folder = pathlib.Path(private, "recorded")
        record(folder, batches=1 if timing.QUICK.value else 32)
        config.data_dir, config.experience.folder = private, str(folder)
        rows = reading(folder, config) + training(config)
    about = dict(batch=config.batch, length=config.experience.length)
    timing.append([row | about for row in rows])
    Console(width=timing.WIDTH).print(as_table(rows))


if __name__ == "__main__":
    app.run(main)
