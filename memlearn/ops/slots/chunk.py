"""The slot recurrence, exact and in parallel over the steps of a chunk.

Keys and values follow the same recurrence (see `scan`), so M_t below is the matrix of both side by
side, `[N, K + V]`, and m_t the row `[k_t; v_t]`, of which all make up the matrix X. A product `*`
is taken slot by slot. Take a chunk of C steps that starts from the slots S. Let a_t = exp(g_t) be
what a slot keeps at step t, but 0 where a lifetime starts, and let

    D_ij = prod_{j < t <= i} a_t             what slots keep from step j to step i
    R_i  = prod_{t <= i} a_t                 what they keep of S at step i
    F_i                                      what they keep of `init`, once a lifetime has started.

Unrolled,

    M_i  = R_i * S + F_i * init + sum_{j <= i} (D_ij * w_j) u_j^T                          (state)

with rows u_j = m_j - e_j^T M'_j, less what they erase. M'_i is (state) without its term j = i, so

    (I + A) U = X - (e * R) S - (e * F) init      A_ij = sum_n e_i[n] D_ij[n] w_j[n], j < i

is a triangular system, one for keys and values together. It makes the rows, and with (state) the
slots at the end of the chunk, affine in S:

    U   = P - Q S             P = (I + A)^-1 (X - (e * F) init)     Q = (I + A)^-1 (e * R)  (rows)
    M_C = R_C * S + F_C * init + sum_j (D_Cj * w_j) u_j^T                                  (carry)

Split U, S and init into their keys U^k, S^k, I^k and their values U^v, S^v, I^v. Reading (state)
with q_i gives scores, and from p_i = softmax(s_i + bias_i) the reads:

    s_i    = R_i * (S^k q_i) + F_i * (I^k q_i) + sum_{j <= i} (q_i . u^k_j) D_ij * w_j     (scores)
    read_i = S^v^T (R_i * p_i) + I^v^T (F_i * p_i) + sum_{j <= i} c_ij u^v_j                (reads)
             with c_ij = sum_n p_i D_ij w_j

The sums over j < i, and the inverse, are in `pairs`, which never forms D.

Only (carry) ties a chunk to the one before. A processor of few cores takes chunk after chunk whole;
an accelerator takes (rows) of all chunks at once, then (carry) in a scan over chunks, then (scores)
and (reads) of all at once. The backward pass keeps the slots that each chunk starts from and its
scores (all at once, what (rows) and (carry) made too), and computes the rest of the chunk again.
"""

import functools
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
from jax import lax
from jax.ad_checkpoint import checkpoint_name

from memlearn.ops.slots import pairs
from memlearn.ops.slots.scan import SlotState, check, widen


class _Effect(NamedTuple):
    """What a chunk does to the slots S it starts from, by (rows) and (carry).

    Attributes:
      rows: P, `[B, C, K + V]`.
      erased: Q, `[B, C, N]`; None where nothing is erased.
      keep: R_C, `[B, N, 1]`.
      born: F_C * init, `[B, N, K + V]`.
      remains: D_Cj w_j, what each write leaves at the end, `[B, C, N]`.
    """

    rows: jax.Array
    erased: jax.Array | None
    keep: jax.Array
    born: jax.Array
    remains: jax.Array


def chunk(
    q, k, v, w, g, resets, state, init, e=None, bias=None, *, size=None, all_at_once=False
):  # fmt: skip
    """Write to the slots and read them, a chunk of steps at a time.

    Computes what `scan` does, of finite arguments (g may be -inf): what is not finite in one
    lifetime spoils the next one of the same chunk. Decays, softmax, the triangular system and the
    slots between chunks are float32 or wider; the operands of all other matmuls have the dtype of
    the arguments, JAX's default precision, and sums that are float32 or wider.

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
      size: steps a chunk, int >= 1, rounded up to a power of two; None for 32, or fewer where that
        saves much padding.
      all_at_once: whether all but (carry) is done for all chunks at once, or chunk after chunk.

    Returns:
      reads: float `[B, T, V]`.
      scores: float `[B, T, N]`, `K_t q_t` before bias and softmax.
      state: `SlotState` after the last step.

    Raises:
      AssertionError: if ranks, shapes or dtypes disagree, or the size is not positive.
    """
    check(q, k, v, w, g, resets, state, init, e, bias)
    time, width = q.shape[1:]
    size = _size(time) if size is None else size
    chex.assert_scalar_positive(size)
    size = 1 << (min(size, time) - 1).bit_length()
    init, slots = (jnp.concatenate(x, axis=-1) for x in widen(init, state))
    chunks = jax.tree.map(lambda x: _split(x, size), (q, k, v, w, g, resets, e, bias))

    run = _all_at_once if all_at_once else _one_by_one
    slots, outputs = run(init, slots, chunks, functools.partial(pairs.dot, dtype=q.dtype))
    reads, scores = jax.tree.map(lambda x: _merge(x, time), outputs)
    keys, values = slots[..., :width], slots[..., width:]
    return reads, scores, SlotState(keys.astype(q.dtype), values.astype(q.dtype))


def _one_by_one(init, slots, chunks, dot):
    def body(slots, inputs):
        effect = _effect(init, inputs, dot)
        return _carry(slots, effect, dot), _outputs(init, inputs, slots, effect, dot)

    # In a scan there is nothing that the barrier against common subexpressions would protect.
    return lax.scan(_remember(body, prevent_cse=False), slots, chunks)


def _all_at_once(init, slots, chunks, dot):
    def carry(slots, effect):
        return _carry(slots, effect, dot), slots

    effects = jax.vmap(_remember(lambda inputs: _effect(init, inputs, dot)))(chunks)
    slots, starts = lax.scan(carry, slots, effects)
    outputs = _remember(lambda *chunk: _outputs(init, *chunk, dot))
    return slots, jax.vmap(outputs)(chunks, starts, effects)


# The backward pass computes all within a chunk again but the scores: of what can be kept, they save
# the most work for their size.
_remember = functools.partial(
    jax.checkpoint, policy=jax.checkpoint_policies.save_only_these_names("scores")
)


def _effect(init, inputs, dot):
    """The `_Effect` of a chunk, whose inputs are the arguments that have a time axis."""
    _, k, v, w, g, resets, e, _ = inputs
    blocks, reach, fresh, remains = pairs.decays(w, g, resets, init.dtype)
    rows, erased = jnp.concatenate([k, v], axis=-1).astype(init.dtype), None
    if e is not None:
        inverse = pairs.inverse(e.astype(init.dtype), blocks)
        solve = functools.partial(jnp.matmul, inverse, precision="highest")
        rows = solve(rows - dot("bin,bnd->bid", e * fresh, init))
        erased = solve(e * reach)
    last = (slice(None), -1, slice(None), None)
    return _Effect(rows, erased, reach[last], fresh[last] * init, remains)


def _rows(slots, effect, dot):
    """(rows), `[B, C, K + V]`."""
    if effect.erased is None:
        return effect.rows
    return effect.rows - dot("bin,bnd->bid", effect.erased, slots)


def _carry(slots, effect, dot):
    """(carry), `[B, N, K + V]`."""
    written = dot("bjn,bjd->bnd", effect.remains, _rows(slots, effect, dot))
    return effect.keep * slots + effect.born + written


def _outputs(init, inputs, slots, effect, dot):
    """(reads) `[B, C, V]` and (scores) `[B, C, N]`, in the dtype of the arguments."""
    q, _, _, w, g, resets, _, bias = inputs
    width = q.shape[-1]
    blocks, reach, fresh, _ = pairs.decays(w, g, resets, init.dtype)
    rows = _rows(slots, effect, dot)
    k, v = rows[..., :width], rows[..., width:]

    scores = pairs.scores(q, k, w, blocks, dot)
    scores += reach * dot("bik,bnk->bin", q, slots[..., :width])
    scores += fresh * dot("bik,bnk->bin", q, init[..., :width])
    scores = checkpoint_name(scores, "scores")
    p = jax.nn.softmax(scores if bias is None else scores + bias, axis=-1)
    reads = pairs.reads(p, v, w, blocks, dot)
    reads += dot("bin,bnv->biv", reach * p, slots[..., width:])
    reads += dot("bin,bnv->biv", fresh * p, init[..., width:])
    return reads.astype(q.dtype), scores.astype(q.dtype)


def _size(time):
    """The longest chunks, of 32 steps at most and 8 at least, that pad T by an eighth at most."""
    return next((size for size in (32, 16) if time <= size or -time % size <= time / 8), 8)


def _split(x, size):
    """`[B, T, ...]` to chunks `[T / C, B, C, ...]`; steps of zeros at the end change nothing."""
    x = jnp.pad(x, [(0, 0), (0, -x.shape[1] % size)] + [(0, 0)] * (x.ndim - 2))
    chunks = x.reshape(x.shape[0], x.shape[1] // size, size, *x.shape[2:])
    return jnp.moveaxis(chunks, 1, 0)


def _merge(chunks, time):
    """Chunks `[T / C, B, C, X]` to `[B, T, X]`."""
    count, batch, size, width = chunks.shape
    return jnp.moveaxis(chunks, 0, 1).reshape(batch, count * size, width)[:, :time]
