"""Devices that one program is spread over, by one axis of them."""

import jax
from jax.sharding import AxisType

from memlearn.types import DEVICES


def of(devices):
    """Return the mesh of a list of devices, in one axis called `DEVICES`."""
    return jax.make_mesh((len(devices),), (DEVICES,), (AxisType.Auto,), devices=devices)


def spread_over():
    """Return over how many devices jit spreads what is being traced.

    It is 1 if no mesh is set, and inside a program that each device has of its own, by
    `jax.shard_map` or `jax.pmap`.
    """
    around = jax.sharding.get_abstract_mesh()
    return 1 if DEVICES in around.manual_axes else dict(around.shape).get(DEVICES, 1)
