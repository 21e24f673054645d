"""Several seeds of one run in one program: every array has the seeds as its first axis."""

import jax
import jax.numpy as jnp
from jax import lax

from memlearn.training.parallel import Parallel


def several(init, keys):
    """Return the states of S seeds, of `init` for each of `keys` `[S]`.

    They are made one after another: batches of QR factorizations, of which two make an LSTM, can
    wait for each other for ever where there are two cores.
    """
    return lax.map(init, keys)


def seeded(update):
    """Take an update for each of S seeds: on a CPU one after another, else at once.

    Args:
      update: function of a state and a batch that returns the new state and a report.

    Returns:
      `Parallel` of states and batches `[S, ...]`; what it reports is the mean over seeds.
    """

    def run(states, batches):
        if jax.default_backend() == "cpu":
            # One after another is faster there: what is computed for one seed stays in the caches.
            states, reports = lax.map(lambda seed: update(*seed), (states, batches))
        else:
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
