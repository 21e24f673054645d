"""Several seeds of one run in one program: every array has the seeds as its first axis."""

import jax
import jax.numpy as jnp

from memlearn.training.parallel import Parallel


def seeded(update):
    """Take an update for each of S seeds at once.

    Args:
      update: function of a state and a batch that returns the new state and a report.

    Returns:
      `Parallel` of states and batches `[S, ...]`; what it reports is the mean over seeds.
    """

    def run(states, batches):
        states, reports = jax.vmap(update)(states, batches)
        return states, jax.tree.map(jnp.mean, reports)

    jitted = jax.jit(run, donate_argnums=0)
    return Parallel(
        update=jitted,
        spread=lambda states: jax.tree.map(jnp.copy, states),  # an update takes over its buffers
        gather=lambda states: jax.tree.map(jnp.copy, states),
    )


def seed(states, index):
    """Return the state of one seed of `[S, ...]`."""
    return jax.tree.map(lambda x: x[index], states)
