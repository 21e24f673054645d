"""Time of a memory layer beside a GRU, of the forms of its recurrences, and of a whole update.

    python -m benchmarks.layers [--quick]

Prints three tables, and appends one JSON object a row to --output.
"""

from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
from absl import app, logging
from rich.console import Console
from rich.table import Table

from benchmarks import timing
from experiments.configs import binding
from memlearn import build, worlds
from memlearn.learning import imitation
from memlearn.memory import access, designs
from memlearn.memory.fixed.gru import GRUMemory
from memlearn.memory.keys import Addresses
from memlearn.memory.slot_memory import SlotMemory
from memlearn.ops import recurrence
from memlearn.ops.slots import apply, scan
from memlearn.types import LIFETIME, NONE, Event

WIDTH, MODALITIES = 128, 2
LAYERS = {
    "slots 32 x 32": SlotMemory(
        WIDTH,
        perceived=MODALITIES,
        recalled=0,
        banks=1,
        slots=32,
        value_width=32,
        maps=Addresses(32),
        leads=2,
        admission_rate=0.5,
        top_banks=1,
        **designs.LEARNED,
    ),
    "GRU 128": GRUMemory(WIDTH, perceived=MODALITIES, recalled=0, hidden=128),
}


def layers():
    """Time the memories of `LAYERS` over the same events; return a list of dicts of figures."""
    batch, steps = (2, 16) if timing.QUICK.value else (32, 256)
    rng = np.random.default_rng(0)
    fused = jnp.asarray(rng.normal(size=(batch, steps, WIDTH)), jnp.float32)
    embeddings = jnp.asarray(rng.normal(size=(batch, steps, MODALITIES, WIDTH)), jnp.float32)
    events = Event(embeddings, jnp.ones(embeddings.shape[:3], bool), fused)
    boundaries = jnp.full((batch, steps), NONE).at[:, 0].set(LIFETIME)
    cases = {}
    for name, memory in LAYERS.items():
        state = memory.initial_state(batch)
        variables = memory.init(jax.random.key(0), state, events, boundaries)

        def forward(arguments, memory=memory, state=state):
            params, events = arguments
            return memory.apply({"params": params}, state, events, boundaries)[:2]

        for which, function in timing.passes(forward).items():
            cases[name, which] = function, (variables["params"], events)
    return _rows(cases, dict(batch=batch, steps=steps), "GRU 128")


def recurrences():
    """Time both forms of the linear recurrence, over 4 banks of 32 slots; return as `layers`."""
    batch, steps = (2, 16) if timing.QUICK.value else (32, 256)
    rng = np.random.default_rng(0)
    decay, inputs = jnp.asarray(rng.random((2, batch, steps, 4, 32)), jnp.float32)
    resets = jnp.zeros((batch, steps, 1, 1), bool).at[:, 0].set(True)
    zeros, cases = jnp.zeros((batch, 4, 32)), {}
    for name, form in recurrence.FORMS.items():

        def forward(arguments, form=form):
            return form(*arguments, resets, zeros, zeros)

        for which, function in timing.passes(forward).items():
            cases[f"recurrence, {name}", which] = function, (decay, inputs)
    return _rows(cases, dict(batch=batch, steps=steps), "recurrence, all at once")


def updates():
    """Time updates of experiments/configs/binding.py; return a list of dicts of figures."""
    rows = []
    config = binding.get_config()
    if timing.QUICK.value:
        config.batch, config.channels, config.memory.slots = 2, (4, 4, 4), 4
    longer = config.delay + 256 - build.environment(config).length
    for delay in (config.delay, longer):
        config.delay = delay
        env, policy = build.environment(config), build.policy(config)
        optimizer = build.optimizer(config)
        key, world = jax.random.key(0), worlds.world(config, **worlds.SEEN)
        steps = worlds.teaching(config, env, world)(key, 0)
        state = imitation.init(policy, optimizer, steps, key)
        update = build.update(config, policy, optimizer)
        cases = {("by " + form.__name__, "update"): _update(update, form) for form in (scan, apply)}
        cases = {name: (function, (state, steps)) for name, function in cases.items()}
        rows += _rows(cases, dict(batch=config.batch, steps=env.length), "by apply")
    return rows


def _update(update, form):
    def run(arguments):
        with mock.patch.object(access, "apply", form):  # while the update is traced
            return update(*arguments)

    return run


def _rows(cases, shapes, reference):
    figures = timing.measure(cases)
    return [
        {"layer": name, "pass": which, **shapes, **figure._asdict(), "reference": reference}
        | {"over_reference": figure.seconds / figures[reference, which].seconds}
        for (name, which), figure in figures.items()
    ]


def as_table(rows):
    """Return the figures as a `rich` table."""
    table = Table(caption=f"x: how many times the time of {rows[0]['reference']!r}")
    for name in ("B", "T", "", "pass"):
        table.add_column(name, no_wrap=True)
    for name in ("ms", "x", "MiB"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            str(row["batch"]), str(row["steps"]), row["layer"], row["pass"],
            f"{1e3 * row['seconds']:.1f}", f"{row['over_reference']:.2f}",
            f"{row['temporary_bytes'] / 2**20:,.1f}",
        )  # fmt: skip
    return table


def main(_):
    logging.set_verbosity(logging.WARNING)  # JAX tells of every backend that it does not find
    for rows in (layers(), recurrences(), updates()):
        timing.append(rows)
        Console(width=timing.WIDTH).print(as_table(rows))


if __name__ == "__main__":
    app.run(main)
