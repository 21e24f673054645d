"""The slot recurrence for acting: one step, without a loop."""

import chex
import jax

from memlearn.ops.slots.scan import advance, check, widen


def step(q, k, v, w, g, resets, state, init, e=None, bias=None):
    """Write to the slots and read them, once.

    Computes what `scan` does for T = 1. The slots are written in place where the caller gives
    `state` up (`jax.jit` with `donate_argnums`, or the carry of a loop).

    Args:
      q, k, v, w, g, resets, state, init, e, bias: as of `scan`, with T = 1.

    Returns:
      reads, scores, state: as of `scan`.

    Raises:
      AssertionError: if ranks, shapes or dtypes disagree, or T is not 1.
    """
    check(q, k, v, w, g, resets, state, init, e, bias)
    chex.assert_axis_dimension(q, 1, 1)
    now = jax.tree.map(lambda x: x[:, 0], (q, k, v, w, g, resets, e, bias))
    state, outputs = advance(*widen(init, state), now)
    reads, scores = jax.tree.map(lambda x: x[:, None], outputs)
    return reads, scores, jax.tree.map(lambda x: x.astype(q.dtype), state)
