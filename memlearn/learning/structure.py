"""What structure costs: terms of a loss that every way of learning has in common."""

import jax
import jax.numpy as jnp

from memlearn.memory.routing import balance_loss, effective

SOWN = ("routing", "written", "open")  # the collections that memories sow into


def costs(sown, balance_weight, write_price, slot_price, axis_name=None):
    """Compute what the structure of all memories costs.

        cost    = balance_weight * balance + write_price * written + slot_price * open

        balance = mean over routers of the balance loss
        written = mean over memories of how much of each event was written
        open    = mean over memories of the share of slots that are open

    Args:
      sown: what memories sowed, collections of `SOWN`.
      balance_weight, write_price, slot_price: floats.
      axis_name: the mapped axis over which the batch is spread, if any.

    Returns:
      the cost, and a dict of the three scalars, `open` only where it is learned; beside them
      `banks`, how many of several take part in effect, by the router of which the fewest do.
    """

    each = {name: [average(x, axis_name) for x in jax.tree.leaves(sown.get(name))] for name in SOWN}

    def over_memories(costs):
        return sum(costs) / max(len(costs), 1)

    balance = over_memories([balance_loss(shares) for shares in each["routing"]])
    written = over_memories(each["written"])
    report = dict(balance=balance, written=written)
    if banks := [effective(shares) for shares in each["routing"] if shares.size > 1]:
        report["banks"] = jnp.min(jnp.stack(banks))
    if "open" in sown:  # how many slots are is learned
        report["open"] = over_memories(each["open"])
    cost = balance_weight * balance + write_price * written
    return cost + slot_price * report.get("open", 0.0), report


def mean(x, where, axis_name=None):
    """Average `[B, T]` where bool `[B, T]` says so, over all devices; 0 where there is nothing."""
    there = average(jnp.mean(where, dtype=x.dtype), axis_name)
    return average(jnp.mean(x * where), axis_name) / jnp.maximum(there, 1e-9)


def average(x, axis_name):
    """Average over a mapped axis, if there is one."""
    return x if axis_name is None else jax.lax.pmean(x, axis_name)
