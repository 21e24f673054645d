"""Devices that one program is spread over, by one axis of them."""

import jax
from jax.sharding import AxisType

from memlearn.types import DEVICES


def mesh(devices=None):
    """Return the mesh of devices, one axis called `DEVICES`; None for all that there are."""
    devices = devices or jax.devices()
    return jax.make_mesh((len(devices),), (DEVICES,), (AxisType.Auto,), devices=devices)


def spread_over():
    """Return over how many devices jit spreads what is being traced.

    It is 1 if no mesh is set, and inside a program that each device has of its own, by
    `jax.shard_map` or `jax.pmap`.
    """
    mesh = jax.sharding.get_abstract_mesh()
    return 1 if DEVICES in mesh.manual_axes else dict(mesh.shape).get(DEVICES, 1)
