"""One update on many devices: the batch is spread, what acts, and slots that all lifetimes share.

Of all else that learning carries, each device has the same.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

from memlearn import mesh
from memlearn.training import hosts
from memlearn.types import DEVICES, KNOWN, UserError


class Parallel(NamedTuple):
    """An update over several devices.

    Attributes:
      update: function of a spread state and a batch that returns the new state and the report. The
        state passed in is given up.
      spread: function that puts a state on all devices.
      gather: function that returns one copy of a spread state; among several hosts, one that is
        spread still.
    """

    update: Callable[[Any, Any], tuple[Any, Any]]
    spread: Callable[[Any], Any]
    gather: Callable[[Any], Any]


def parallel(update, kind, batch, devices=None, shared=()):
    """Spread an update over devices.

    Args:
      update: function of `(state, batch, *shared, axis_name=None)`, with `axis_name` the axis to
        average over when it is mapped. The state is a `TrainState`.
      kind: `jit` (one program over sharded arrays) or `pmap` (one program per device).
      batch: B, the number of lifetimes in a batch.
      devices: the devices to use; None for all.
      shared: what every device has a copy of, and no update changes.

    Returns:
      `Parallel`.

    Raises:
      UserError: if the kind is unknown, or for one host only, or the batch cannot be divided by the
        devices.
    """
    devices = devices or jax.devices()
    if kind not in KINDS:
        raise UserError(
            f"no way to run in parallel is called {kind!r}; there are: {', '.join(KINDS)}"
        )
    if kind == "pmap" and hosts.many():
        raise UserError("pmap is for one host; set --config.parallel=jit")
    if batch % len(devices):
        raise UserError(
            f"a batch of {batch} cannot be divided by {len(devices)} devices; set --config.batch "
            f"to a multiple of {len(devices)}, or make fewer devices visible"
        )
    return KINDS[kind](update, devices, shared)


def _jit(update, devices, shared):
    line = mesh.of(devices)
    same, split = NamedSharding(line, P()), NamedSharding(line, P(DEVICES))

    def places(state):
        def place(path, x):
            known = getattr(path[-1], "key", "") == KNOWN and math.isqrt(len(x)) % len(devices) == 0
            return split if known or path[0].name == "actor" else same

        return jax.tree.map_with_path(place, state)

    def placed(state, batch, *shared):
        with jax.sharding.use_abstract_mesh(line.abstract_mesh):  # for who reads what is spread
            state, report = update(state, batch, *shared)
        constrain = jax.lax.with_sharding_constraint
        return constrain(state, places(state)), constrain(report, same)

    jitted = jax.jit(placed, donate_argnums=0)
    shared = hosts.put(shared, same)

    def gather(state):
        # Of several hosts, each saves the part that it has.
        return state if hosts.many() else jax.device_put(state, devices[0])

    return Parallel(
        update=lambda state, batch: jitted(state, hosts.put(batch, split), *shared),
        spread=lambda state: hosts.put(copy(state), places(state)),
        gather=lambda state: copy(gather(state)),
    )


def _pmap(update, devices, shared):
    count = len(devices)

    def mapped_update(state, batch, *shared):
        return update(state, batch, *shared, axis_name=DEVICES)

    mapped = jax.pmap(
        mapped_update, axis_name=DEVICES, in_axes=(0, 0, *(None for _ in shared)), devices=devices,
        donate_argnums=0,
    )  # fmt: skip

    def split(batch):
        return jax.tree.map(lambda x: x.reshape(count, -1, *x.shape[1:]), batch)

    def run(state, batch):
        state, report = mapped(state, split(batch), *shared)
        return state, jax.tree.map(lambda x: x[0], report)

    def spread(state):
        same = jax.tree.map(lambda x: jnp.broadcast_to(x, (count, *x.shape)), state)
        return same._replace(actor=split(state.actor))

    def gather(state):
        actor = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), state.actor)
        return jax.tree.map(lambda x: x[0], state)._replace(actor=actor)

    return Parallel(run, spread, gather)


@jax.jit  # at once: leaf by leaf, each of so many shapes is a program
def copy(state):
    """Copy a state, since an update takes over the buffers of the one it is given."""
    return jax.tree.map(jnp.copy, state)


KINDS = {"jit": _jit, "pmap": _pmap}
