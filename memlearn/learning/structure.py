"""What structure costs: terms of a loss that every way of learning has in common."""

import jax

from memlearn.memory.routing import balance_loss

SOWN = ("routing", "written", "open")  # the collections that memories sow into


def costs(sown, axis_name=None):
    """Compute what the structure of all memories costs, before it is weighed.

        balance = mean over routers of the balance loss
        written = mean over memories of how much of each event was written
        open    = mean over memories of the share of slots that are open

    Args:
      sown: what memories sowed, collections of `SOWN`.
      axis_name: the mapped axis over which the batch is spread, if any.

    Returns:
      a dict of scalars; `open` is in it only where how many slots are is learned.
    """

    def mean(name, cost=lambda x: x):
        each = [cost(average(x, axis_name)) for x in jax.tree.leaves(sown.get(name))]
        return sum(each) / max(len(each), 1)

    found = dict(balance=mean("routing", balance_loss), written=mean("written"))
    return {**found, "open": mean("open")} if "open" in sown else found


def average(x, axis_name):
    """Average over a mapped axis, if there is one."""
    return x if axis_name is None else jax.lax.pmean(x, axis_name)
