"""The slot recurrence for acting: one step, without a loop."""

import chex
import jax

from memlearn.ops.slots.scan import SlotState, advance, broadcast, check


def step(q, k, v, w, g, resets, state, init, e=None, bias=None):
    """Write to the slots and read them, once.

    Computes what `scan` does for T = 1, and has its signature. The slots are written in place where
    the caller gives `state` up (`jax.jit` with `donate_argnums`, or the carry of a loop).

    Raises:
      AssertionError: if ranks, shapes or dtypes disagree, or T is not 1.
    """
    check(q, k, v, w, g, resets, state, init, e, bias)
    chex.assert_axis_dimension(q, 1, 1)
    now = jax.tree.map(lambda x: x[:, 0], (q, k, v, w, g, resets, e, bias))
    state, outputs = advance(broadcast(init, state), SlotState(*state), now)
    reads, scores = jax.tree.map(lambda x: x[:, None], outputs)
    return reads, scores, state
