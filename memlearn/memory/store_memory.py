"""A memory of very many slots, of which an event is written to a few and asks a few.

For lifetimes that are longer than any number of slots that can be gone through at every step: what
a step takes grows with the square root of their number.
"""

import functools
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec as P

from memlearn import mesh
from memlearn.memory import keys
from memlearn.memory.base import Memory
from memlearn.ops import product_keys, store
from memlearn.types import DEVICES, LIFETIME

LEAST = 0.01  # of what was written, that what is read is divided by
SLOTS = P(None, None, DEVICES)  # where every device has a part of the slots of all stores
SHARPNESS = 10.0  # of the weights of slots, at first; a query and a key agree by 1.4 at most


class StoreMemoryState(NamedTuple):
    """What is carried from one event to the next.

    Attributes:
      stores: `store.Store`, arrays `[B, H, ...]`, of values with an occupancy, V + 1 wide.
      life: int32 `[B]`, the number of the lifetime.
      last: `keys.LastEvent`.
    """

    stores: store.Store
    life: jax.Array
    last: keys.LastEvent


class StoreMemory(Memory):
    """H banks of S^2 slots, found by product keys that all lifetimes share.

    An event is filed under a key, and asks with a query, both composed as those of the learned
    memory. The slots whose keys are nearest are written to and read, by

        w = a(c) softmax(s [nearest scores])      p = softmax(s [nearest scores])
        [r; o] = sum_i p_i M[i]                   read = r / (o + .01)
        M[i] <- (1 - w_i) M[i] + w_i [v; 1]

    with a the admission and s the sharpness; o tells how much was ever written there, and is
    recalled beside what was read. All banks have the same keys. An event does not find itself: it
    is written after it has read. Where jit spreads a program over devices that lifetimes cannot be
    divided by, each device has a part of the slots, if these can be. (Where that is so in a small
    minibatch only, its stores are moved between devices.)

    Attributes:
      banks, side, value_width: H, S, V.
      nearest: how many slots an event is written to, and reads.
      maps: `keys.Addresses` of what is perceived, K wide, K even; layers that are given the same
        module share it.
      leads: how many of the first modalities banks begin to file and ask under.
    """

    banks: int
    side: int
    value_width: int
    nearest: int
    maps: keys.Addresses
    leads: int

    @property
    def parts(self):
        return self.banks

    def initial_state(self, batch, dtype=jnp.float32):
        empty = store.empty(self.side**2, self.value_width + 1, dtype)
        shape = batch, self.banks
        stores = jax.tree.map(lambda x: jnp.broadcast_to(x, (*shape, *x.shape)), empty)
        if _slots_are_spread(stores):
            stores = jax.lax.with_sharding_constraint(stores, SLOTS)
        last = self._rule_of_keys(parent=None).initial_state(
            batch, self.perceived + self.recalled, dtype
        )
        return StoreMemoryState(stores, jnp.zeros(batch, jnp.int32), last)

    @nn.compact
    def __call__(self, state, events, boundaries, trace=False):
        dtype, resets = state.stores.values.dtype, boundaries == LIFETIME
        context = self.width**-0.5 * events.fused
        compose = self._rule_of_keys(name="keys")
        last, key, query, _, _ = compose(state.last, events, context, resets)

        halves = [
            self.param(name, nn.initializers.normal(), (self.side, self.maps.width // 2))
            for name in ("left", "right")
        ]
        sharpness = self.param("sharpness", nn.initializers.constant(SHARPNESS), ())
        written, w = self._nearest(key, halves, sharpness, dtype)
        asked, p = self._nearest(query, halves, sharpness, dtype)
        admission = nn.sigmoid(nn.Dense(1, name="admission")(context) + 2.0)[..., None]
        value = nn.DenseGeneral((self.banks, self.value_width), name="value")(
            jnp.concatenate([events.embeddings.reshape(*resets.shape, -1), events.fused], axis=-1)
        )
        value = jnp.concatenate([value, jnp.ones_like(value[..., :1])], axis=-1).astype(dtype)

        life = state.life[:, None] + jnp.cumsum(resets, axis=1, dtype=jnp.int32)
        shared = jnp.broadcast_to(life[..., None], (*life.shape, self.banks))
        w = w * admission.astype(dtype)
        steps = store.Steps(written, w, value, asked, p, shared)
        steps = jax.tree.map(lambda x: jnp.moveaxis(x, 2, 1), steps)  # banks before time
        reads, stores = _write_and_read(state.stores, steps)
        reads = jnp.moveaxis(reads, 1, 2)
        found, occupied = reads[..., :-1], reads[..., -1:]
        found = jnp.concatenate([found / (occupied + LEAST), occupied], axis=-1)
        kernel = self.param(
            "out",
            nn.initializers.lecun_normal((0, 1), 2),
            (self.banks, found.shape[-1], self.width),
        )
        out = jnp.einsum("bthx,hxd->bthd", found, kernel.astype(dtype)).astype(events.fused.dtype)
        return StoreMemoryState(stores, life[:, -1], last), out, None

    def _nearest(self, address, halves, sharpness, dtype):
        """The slots nearest to addresses `[B, T, H, K]`, and their weights, `[B, T, H, k]`."""
        shape = *address.shape[:-1], self.nearest
        left, right = (keys.unit(x).astype(address.dtype) for x in halves)
        flat = address.reshape(-1, address.shape[-1])
        scores, slots = product_keys.search(flat, left, right, self.nearest)
        weights = jax.nn.softmax(sharpness.astype(scores.dtype) * scores, axis=-1)
        return slots.reshape(shape), weights.reshape(shape).astype(dtype)

    def _rule_of_keys(self, **settings):
        return keys.SourceKeys(self.banks, self.recalled, self.maps, self.leads, **settings)


def _write_and_read(stores, steps):
    """Take steps in all stores, `[B, H, ...]`; every device may have a part of the slots."""
    if not _slots_are_spread(stores):
        return jax.vmap(jax.vmap(store.write_and_read))(stores, steps)
    take = functools.partial(store.write_and_read_sharded, axis_name=DEVICES)
    specs = dict(in_specs=(SLOTS, P()), out_specs=(P(), SLOTS))
    return jax.shard_map(jax.vmap(jax.vmap(take)), **specs)(stores, steps)


def _slots_are_spread(stores):
    """Whether devices share the slots, because lifetimes cannot be divided by them."""
    lives, devices = stores.lives, mesh.spread_over()
    return len(lives) % devices != 0 and lives.shape[-1] % devices == 0
