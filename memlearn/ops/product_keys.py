r"""Lookup in a large store of slots, whose keys are pairs (Lample et al., 2019).

Of S left halves and S right halves of keys, slot `i S + j` has the key :math:`[a_i; b_j]`: S^2
slots have 2 S halves. A query is compared with halves by halves,

    s_ij = q' . a_i + q'' . b_j                    q = [q'; q'']

so that the k best slots are among the pairs of the k best left and the k best right halves: whoever
has another half is beaten by k slots, those with the better halves in its place. What a lookup
takes is O(S K + k^2), of S^2 slots.

Who looks up the rows, `values[found.slots]`, and differentiates by these and not by the values, has
a gradient that is as small as what was read, whatever the number of slots.
"""

from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
from jax import lax


class Found(NamedTuple):
    """The slots that a query has found, best first.

    Attributes:
      scores: float `[B, k]`.
      slots: int32 `[B, k]`, no two of a query the same.
    """

    scores: jax.Array
    slots: jax.Array


def search(q, left, right, k):
    """Find the k slots of the best keys.

    Args:
      q: queries, float `[B, K]`, K even.
      left: left halves of keys, float `[I, K / 2]`.
      right: right halves, float `[J, K / 2]`; the key of slot `i J + j` is `[left_i; right_j]`.
      k: how many, int in [1, I J].

    Returns:
      `Found`.

    Raises:
      AssertionError: if shapes or dtypes disagree, or there are not so many slots.
    """
    chex.assert_rank([q, left, right], 2)
    chex.assert_shape([left, right], (None, q.shape[1] / 2))
    chex.assert_type(q, float)
    chex.assert_type([left, right], q.dtype)
    chex.assert_scalar_in(k, 1, len(left) * len(right))
    halves = zip(jnp.split(q, 2, axis=1), (left, right))
    (s_left, i), (s_right, j) = (lax.top_k(x @ y.T, min(k, len(y))) for x, y in halves)
    pairs = s_left[:, :, None] + s_right[:, None, :]
    scores, best = lax.top_k(pairs.reshape(len(q), -1), k)
    i, j = (jnp.take_along_axis(x, y, axis=1) for x, y in zip((i, j), jnp.divmod(best, j.shape[1])))
    return Found(scores, i * len(right) + j)


def read_sharded(q, left, right, values, k, axis_name):
    """Search slots that are spread over devices, and read `softmax(scores) rows`.

    To be called inside `jax.shard_map`.

    Every device looks for the queries of all among its own slots. Those of its k best that are
    among the k best of all have a part in what is read, which is summed over devices. Keys of equal
    scores at the edge of the k best are all read.

    Args:
      q: queries of this device, float `[B, K]`.
      left: left halves of this device's slots, float `[I, K / 2]`; all devices have as many.
      right: all right halves, float `[J, K / 2]`.
      values: of this device's slots, float `[I J, V]`.
      k: how many slots a query reads, int in [1, all slots of all devices].
      axis_name: of the devices.

    Returns:
      what the queries of this device read, float `[B, V]`.

    Raises:
      AssertionError: if shapes or dtypes disagree.
    """
    chex.assert_shape(values, (len(left) * len(right), None))
    chex.assert_scalar_in(k, 1, len(values) * lax.axis_size(axis_name))
    queries = lax.all_gather(q, axis_name, tiled=True)
    scores, slots = search(queries, left, right, min(k, len(values)))
    every = lax.all_gather(lax.stop_gradient(scores), axis_name, axis=1, tiled=True)
    best = lax.top_k(every, k)[0]
    shares = jnp.where(scores >= best[:, -1:], jnp.exp(scores - best[:, :1]), 0)
    total = lax.psum(jnp.sum(shares, axis=1, keepdims=True), axis_name)
    parts = jnp.einsum("bk,bkv->bv", shares / total, values[slots])
    return lax.psum_scatter(parts, axis_name, tiled=True)
