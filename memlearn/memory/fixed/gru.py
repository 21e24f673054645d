"""A gated recurrent unit: one dense vector for everything that happened."""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from memlearn.memory.base import Memory
from memlearn.types import LIFETIME


class GRUState(NamedTuple):
    """`hidden`: float `[B, hidden]`."""

    hidden: jax.Array


class GRUMemory(Memory):
    """The GRU of flax, over the fused event (Cho et al., 2014, equations 5 to 8).

    Attributes:
      hidden: width of the hidden state.
    """

    hidden: int

    def initial_state(self, batch, dtype=jnp.float32):
        return GRUState(jnp.zeros((batch, self.hidden), dtype))

    @nn.compact
    def __call__(self, state, events, boundaries, trace=False):
        def body(cell, hidden, inputs):
            event, reset = inputs
            return cell(jnp.where(reset[:, None], 0, hidden), event)

        cell = nn.GRUCell(self.hidden, name="cell")
        events_in_state_dtype = events.fused.astype(state.hidden.dtype)
        run = nn.scan(
            body, variable_broadcast="params", split_rngs={"params": False}, in_axes=1, out_axes=1
        )
        hidden, outs = run(cell, state.hidden, (events_in_state_dtype, boundaries == LIFETIME))
        out = nn.Dense(self.width, name="out")(outs).astype(events.fused.dtype)[:, :, None]
        return GRUState(hidden), out, None
