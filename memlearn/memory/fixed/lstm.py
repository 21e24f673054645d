"""Long short-term memory: the vector that is shown, and a cell that gates what is kept of it."""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from memlearn.memory.base import Memory
from memlearn.types import LIFETIME


class LSTMState(NamedTuple):
    """`cell` and `hidden`: float `[B, hidden]`."""

    cell: jax.Array
    hidden: jax.Array


class LSTMMemory(Memory):
    """The LSTM of flax, over the fused event (Hochreiter & Schmidhuber, 1997; Gers et al., 2000).

    Attributes:
      hidden: width of the cell and of the hidden state.
    """

    hidden: int

    def initial_state(self, batch, dtype=jnp.float32):
        zeros = jnp.zeros((batch, self.hidden), dtype)
        return LSTMState(zeros, zeros)

    @nn.compact
    def __call__(self, state, events, boundaries, trace=False):
        def body(cell, carry, inputs):
            event, reset = inputs
            return cell(tuple(jnp.where(reset[:, None], 0, x) for x in carry), event)

        cell = nn.OptimizedLSTMCell(self.hidden, name="cell")
        events_in_state_dtype = events.fused.astype(state.hidden.dtype)
        run = nn.scan(
            body, variable_broadcast="params", split_rngs={"params": False}, in_axes=1, out_axes=1
        )
        carry, outs = run(cell, tuple(state), (events_in_state_dtype, boundaries == LIFETIME))
        out = nn.Dense(self.width, name="out")(outs).astype(events.fused.dtype)[:, :, None]
        return LSTMState(*carry), out, None
