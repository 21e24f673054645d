"""Several seeds of one run in one program: every array has the seeds as its first axis."""

import jax
import jax.numpy as jnp
from jax import lax

from memlearn.training.parallel import Parallel, copy


def several(init, keys):
    """Return the states `[S, ...]` of S seeds: of `init`, for each of the random `keys` `[S]`.

    They are made one after another: batches of QR factorizations, of which two make an LSTM, can
    wait for each other for ever where there are two cores.
    """
    return lax.map(init, keys)


def seeded(update, shared=()):
    """Take an update for each of S seeds: on a CPU one after another, else at once.

    Args:
      update: function of a state, a batch and `*shared` that returns the new state and a report.
      shared: what all seeds are given alike.

    Returns:
      `Parallel` of states and batches `[S, ...]`; what it reports is the mean over seeds, or of
      `banks` the least.
    """

    def run(states, batches, *shared):
        def one(state, batch):
            return update(state, batch, *shared)

        if jax.default_backend() == "cpu":
            # One after another is faster there: what is computed for one seed stays in the caches.
            states, reports = lax.map(lambda seed: one(*seed), (states, batches))
        else:
            states, reports = jax.vmap(one)(states, batches)
        # Of the banks that take part, the seed counts of which the fewest do.
        fewest = {name: jnp.min(reports[name]) for name in ("banks",) if name in reports}
        return states, {**jax.tree.map(jnp.mean, reports), **fewest}

    jitted = jax.jit(run, donate_argnums=0)
    return Parallel(
        update=lambda states, batches: jitted(states, batches, *shared),
        spread=copy,
        gather=copy,
    )


def seed(states, index):
    """Return the state of one seed of `[S, ...]`."""
    return jax.tree.map(lambda x: x[index], states)
