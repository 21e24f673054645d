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
    """A GRU over the fused event (Cho et al., 2014, equations 5 to 8, but as flax has it).

    The reset gate is applied to `U h + b`, as of `GRUStep`, and not to `h`.

    What events say to the gates waits for no state, and so is computed for all steps at once: only
    the weights of the hidden state stay in the loop, and in the loop of its gradient.

    Attributes:
      hidden: width of the hidden state.
    """

    hidden: int

    def initial_state(self, batch, dtype=jnp.float32):
        return GRUState(jnp.zeros((batch, self.hidden), dtype))

    @nn.compact
    def __call__(self, state, events, boundaries, trace=False):
        events_in_state_dtype = events.fused.astype(state.hidden.dtype)
        heard = nn.Dense(3 * self.hidden, name="heard")(events_in_state_dtype)
        steps = nn.scan(
            GRUStep, variable_broadcast="params", split_rngs={"params": False}, in_axes=1,
            out_axes=1,
        )(self.hidden, name="step")  # fmt: skip
        hidden, outs = steps(state.hidden, (heard, boundaries == LIFETIME))
        out = nn.Dense(self.width, name="out")(outs).astype(events.fused.dtype)[:, :, None]
        return GRUState(hidden), out, None


class GRUStep(nn.Module):
    """One step of a GRU, from what its gates r, z and n heard of the event, and the state h.

        r = sigmoid(heard_r + U_r h)
        z = sigmoid(heard_z + U_z h)
        n = tanh(heard_n + r (U_n h + b))
        h' = (1 - z) n + z h

    Attributes:
      features: width of the hidden state.

    Args:
      hidden: h, float `[B, features]`.
      inputs: what was heard, float `[B, 3 features]`, and where a lifetime begins, bool `[B]`.

    Returns:
      h', twice.
    """

    features: int

    @nn.compact
    def __call__(self, hidden, inputs):
        heard, new = inputs
        hidden = jnp.where(new[:, None], 0, hidden)
        reset, update, candidate = jnp.split(heard, 3, axis=-1)
        reset = nn.sigmoid(reset + self.recur("reset", use_bias=False)(hidden))
        update = nn.sigmoid(update + self.recur("update", use_bias=False)(hidden))
        candidate = jnp.tanh(candidate + reset * self.recur("candidate")(hidden))
        hidden = (1 - update) * candidate + update * hidden
        return hidden, hidden

    def recur(self, name, use_bias=True):
        """A linear layer from the hidden state to a gate, of that name."""
        orthogonal = nn.initializers.orthogonal()
        return nn.Dense(self.features, use_bias=use_bias, kernel_init=orthogonal, name=name)
