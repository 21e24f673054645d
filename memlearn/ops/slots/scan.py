r"""The slot recurrence, written as it is defined: one step after another.

A bank is a key matrix :math:`K_t` `[N, K]` and a value matrix :math:`V_t` `[N, V]`. Both follow the
same recurrence. With M either of them and m the row to be written (the key or the value),

    M_{t-1} <- init                                     where a lifetime starts (resets_t)
    M'_t     = exp(g_t) * M_{t-1}                       every slot decays
    M_t      = M'_t + w_t (m_t - e_t^T M'_t)^T          every slot takes its share of the write

in which `e = 0` adds to what is there and `e = beta w` is the delta rule. The bank is then read,

    s_t      = K_t q_t                                  one score a slot
    read_t   = V_t^T softmax(s_t + bias_t).

The slots are float32 or wider between steps, whatever the dtype of the arguments. Every other form
of this op has this signature, options of its own aside, and is tested against it.
"""

import functools
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
from jax import lax


class SlotState(NamedTuple):
    """The slots of a batch of banks.

    Attributes:
      keys: float `[B, N, K]`.
      values: float `[B, N, V]`.
    """

    keys: jax.Array
    values: jax.Array


def scan(q, k, v, w, g, resets, state, init, e=None, bias=None):
    """Write to the slots and read them, step by step.

    Args:
      q: queries, float `[B, T, K]`. Banks are folded into B. A temperature is part of the query.
      k: keys to write, float `[B, T, K]`.
      v: values to write, float `[B, T, V]`.
      w: write weight of each slot, float >= 0 `[B, T, N]`.
      g: log-decay of each slot, float <= 0 `[B, T, N]`, in nats per step.
      resets: bool `[B, T]`, where the slots become `init` before the step is taken.
      state: `(keys [B, N, K], values [B, N, V])` before the first step.
      init: `(keys, values)`, broadcastable to the shapes of `state`.
      e: erase weight of each slot, float `[B, T, N]`; None erases nothing.
      bias: added to the scores before the softmax, float `[B, T, N]`; None adds nothing.

    Returns:
      reads: float `[B, T, V]`.
      scores: float `[B, T, N]`, `K_t q_t` before bias and softmax.
      state: `SlotState` after the last step.

    Raises:
      AssertionError: if ranks, shapes or dtypes disagree.
    """
    check(q, k, v, w, g, resets, state, init, e, bias)
    init, state = widen(init, state)
    inputs = jax.tree.map(lambda x: jnp.moveaxis(x, 1, 0), (q, k, v, w, g, resets, e, bias))
    state, outputs = lax.scan(functools.partial(advance, init), state, inputs)
    reads, scores = jax.tree.map(lambda x: jnp.moveaxis(x, 0, 1), outputs)
    return reads, scores, jax.tree.map(lambda x: x.astype(q.dtype), state)


def advance(init, state, now):
    """Take one step; the equations of the module, in order.

    Args:
      init: `SlotState` that a lifetime starts with, of the shapes of `state`.
      state: `SlotState` before the step, float32 or wider.
      now: the arguments of `scan` that have a time axis, without it.

    Returns:
      the state after the step, and `(read, scores)` in the dtype of the arguments.
    """
    dtype, wide = now[0].dtype, state.keys.dtype
    q, k, v, w, g, reset, e, bias = jax.tree.map(
        lambda x: x if x.dtype == bool else x.astype(wide), now
    )
    restart = reset[:, None, None]
    state = jax.tree.map(lambda held, first: jnp.where(restart, first, held), state, init)

    def write(slots, row):
        slots = jnp.exp(g)[..., None] * slots
        if e is not None:
            row = row - jnp.einsum("bn,bnd->bd", e, slots)
        return slots + w[..., None] * row[:, None, :]

    state = SlotState(write(state.keys, k), write(state.values, v))
    scores = jnp.einsum("bnk,bk->bn", state.keys, q)
    weights = jax.nn.softmax(scores if bias is None else scores + bias, axis=-1)
    read = jnp.einsum("bn,bnv->bv", weights, state.values)
    return state, (read.astype(dtype), scores.astype(dtype))


def widen(init, state):
    """Return both as `SlotState` of the shapes of `state`, float32 or wider."""
    wide = jnp.promote_types(state[0].dtype, jnp.float32)
    init = SlotState(*(jnp.broadcast_to(x, s.shape).astype(wide) for x, s in zip(init, state)))
    return init, SlotState(*(x.astype(wide) for x in state))


def check(q, k, v, w, g, resets, state, init, e, bias):
    chex.assert_rank([q, k, v, w, g, resets, *state], [3, 3, 3, 3, 3, 2, 3, 3])
    batch, time, width = q.shape
    keys, values = state
    slots = keys.shape[1]
    chex.assert_equal_shape([q, k])
    chex.assert_shape(v, (batch, time, values.shape[-1]))
    chex.assert_shape([x for x in (w, g, e, bias) if x is not None], (batch, time, slots))
    chex.assert_shape(resets, (batch, time))
    chex.assert_shape(keys, (batch, slots, width))
    chex.assert_shape(values, (batch, slots, values.shape[-1]))
    for first, held in zip(init, state):
        chex.assert_is_broadcastable(first.shape, held.shape)
    floats = [x for x in (q, k, v, w, g, keys, values, *init, e, bias) if x is not None]
    chex.assert_type(q, float)
    chex.assert_type(floats, q.dtype)
    chex.assert_type(resets, bool)
