"""Knowledge: slots of parameters that all lifetimes share, read and never written.

What memory holds is of this lifetime, and learned in it; what is true in every lifetime need not be
experienced. As these slots are found by product keys, there can be a million of them.
"""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec as P

from memlearn import mesh
from memlearn.memory import keys
from memlearn.memory.base import Memory
from memlearn.memory.store_memory import SHARPNESS
from memlearn.ops import product_keys
from memlearn.types import DEVICES, KNOWN


class Knowledge(Memory):
    """H questions to S^2 slots, which keep the contract of a memory; their state is empty.

        q   = unit(Q_h x)                           x: the fused event, with what was recalled
        p   = softmax(s [scores of the k nearest keys])
        out = sum_h O_h sum_i p_i V[slot_i]         V: parameters [S^2, V]

    with s the sharpness (Lample et al., 2019). What is out has no say at first, O = 0. Where
    training is spread over devices by jit, each has a part of the slots, if their number divides S.

    Attributes:
      questions, side, value_width, key_width: H, S, V, K; K is even.
      nearest: k, how many slots a question reads.
    """

    questions: int
    side: int
    value_width: int
    key_width: int
    nearest: int

    def initial_state(self, batch, dtype=jnp.float32):
        return ()

    @nn.compact
    def __call__(self, state, events, boundaries, trace=False):
        dtype = events.fused.dtype
        asked = nn.DenseGeneral((self.questions, self.key_width), name="query")(
            events.fused
        ).astype(dtype)
        init, wide = nn.initializers.normal(), nn.initializers.normal(self.value_width**-0.5)
        left, right = (
            keys.unit(self.param(name, init, (self.side, self.key_width // 2))).astype(dtype)
            for name in ("left", "right")
        )
        sharpness = self.param("sharpness", nn.initializers.constant(SHARPNESS), ())
        values = self.param(KNOWN, wide, (self.side**2, self.value_width))
        q = sharpness.astype(dtype) * keys.unit(asked).reshape(-1, self.key_width)
        read = _read(q, left, right, values.astype(dtype), self.nearest)
        read = read.reshape(*asked.shape[:-1], self.value_width)
        out = nn.DenseGeneral(
            self.width, axis=(-2, -1), use_bias=False, kernel_init=nn.initializers.zeros, name="out"
        )
        return state, out(read)[:, :, None].astype(dtype), None


def _read(q, left, right, values, k):
    """Read `softmax(scores) rows` of the k nearest slots, of which every device may have a part."""
    devices = mesh.spread_over()
    if devices == 1 or len(q) % devices or len(left) % devices:
        found = product_keys.search(q, left, right, k)
        return jnp.einsum("bk,bkv->bv", jax.nn.softmax(found.scores, axis=-1), values[found.slots])
    read, part = functools.partial(product_keys.read_sharded, k=k, axis_name=DEVICES), P(DEVICES)
    spread = jax.shard_map(read, in_specs=(part, part, P(), part), out_specs=part)
    return spread(q, left, right, values)
