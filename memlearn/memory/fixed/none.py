"""No memory: what can be done from the present event alone."""

import jax.numpy as jnp

from memlearn.memory.base import Memory


class NoMemory(Memory):
    """Remembers nothing and returns zeros; its state is empty."""

    def initial_state(self, batch, dtype=jnp.float32):
        return ()

    def __call__(self, state, events, boundaries, trace=False):
        return state, jnp.zeros_like(events.fused[:, :, None]), None
