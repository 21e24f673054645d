"""How fast many environments are lived in, and how far from its floor a step of memory is.

    python -m benchmarks.acting [--quick] [--environments=1024]

Environments of experiments/configs/ppo_binding.py:level1 and its policy, with the learned memory
and with a GRU, as PPO rolls them out, but images as they are; then steps without the environment,
at which all see the same again and again, so that they look once and remember at every step; beside
them, what moving the state from memory and back takes at the speed of a copy. Prints a table, and
appends one JSON object a row to --output.
"""

import jax
import jax.numpy as jnp
from absl import app, flags, logging
from jax import lax
from rich.console import Console
from rich.table import Table

from benchmarks import timing
from experiments.configs import ppo_binding
from memlearn import build, worlds
from memlearn.learning.rollout import begin, rollout

ENVIRONMENTS = flags.DEFINE_integer("environments", 1024, "lived in at a time", lower_bound=1)
COPIED = 2**28  # float32s; 1 GiB, far more than any cache holds


def acting(memory, environments):
    """Return what rolls out a policy with this memory, what remembers alone, arguments, and T."""
    config = ppo_binding.get_config("level1")
    config.memory.kind = memory
    if timing.QUICK.value:
        config.channels, config.memory.slots = (4, 4, 4), 4
    env, policy = build.environment(config), build.policy(config)
    world = worlds.world(config, **worlds.SEEN)
    keys = jax.random.split(jax.random.key(0), environments)
    actor = begin(env, policy, world, keys)
    steps = jax.vmap(env.timestep, in_axes=(0, None))(actor.lifetimes, world)
    steps = jax.tree.map(lambda x: x[:, None], steps)
    params = {"params": policy.init(jax.random.key(1), actor.memory, steps)["params"]}

    def live(arguments):
        params, actor, keys = arguments
        return rollout(env, policy, params, world, actor, keys, env.length, lambda keys, x: x)

    def remember(arguments):
        params, actor, steps = arguments

        def step(memory, _):
            return policy.apply(params, memory, steps)[:2]

        return lax.scan(step, actor.memory, length=env.length)

    return live, remember, (params, actor, keys), (params, actor, steps), env.length


def measure(environments):
    """Return a list of dicts of figures."""
    cases, lengths = {}, {}
    for memory in ("learned", "gru"):
        live, remember, lived, remembered, length = acting(memory, environments)
        cases[memory, "environments and policy"] = live, lived
        cases[memory, "memory"] = remember, remembered
        lengths[memory] = length
    moved = jnp.ones(2**10 if timing.QUICK.value else COPIED)
    cases["", "copy"] = lambda x: x + 1, moved
    figures = timing.measure(cases)
    speed = 2 * moved.nbytes / figures["", "copy"].seconds
    rows = []
    for (memory, what), figure in figures.items():
        if not memory:
            continue
        actor = cases[memory, "memory"][1][1]
        state = sum(x.nbytes for x in jax.tree.leaves(actor.memory))
        seconds = figure.seconds / lengths[memory]
        rows.append(
            {"memory": memory, "what": what, "environments": environments}
            | {"seconds_per_step": seconds, "steps_per_second": environments / seconds}
            | {"state_bytes": state, "copied_bytes_per_second": speed}
            | {"of_floor": 2 * state / speed / seconds}
        )
    return rows


def as_table(rows):
    """Return the figures as a `rich` table."""
    table = Table(caption="floor: reading and writing the state of memory, at the speed of a copy")
    for name in ("memory", "what", "us a step", "steps/s", "state, MiB", "floor / time"):
        table.add_column(name, justify="left" if name in ("memory", "what") else "right")
    for row in rows:
        table.add_row(
            row["memory"], row["what"], f"{1e6 * row['seconds_per_step']:,.0f}",
            f"{row['steps_per_second']:,.0f}", f"{row['state_bytes'] / 2**20:,.1f}",
            f"{row['of_floor']:.3f}",
        )  # fmt: skip
    return table


def main(_):
    logging.set_verbosity(logging.WARNING)  # JAX tells of every backend that it does not find
    rows = measure(4 if timing.QUICK.value else ENVIRONMENTS.value)
    timing.append(rows)
    Console(width=timing.WIDTH).print(as_table(rows))


if __name__ == "__main__":
    app.run(main)
