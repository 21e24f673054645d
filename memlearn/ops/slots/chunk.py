"""The slot recurrence, exact and in parallel over the steps of a chunk.

Keys and values follow the same recurrence (see `scan`), so M_t below is the matrix of both side by
side, `[N, K + V]`, and m_t the row `[k_t; v_t]`. Take a chunk of C steps that starts from the slots
S. Let a_t = exp(g_t) be what a slot keeps at step t, but 0 where a lifetime starts, and let

    D_ij = prod_{j < t <= i} a_t                            what slots keep from step j to step i
    R_i  = what slots keep from their origin O_i to step i

in which the origin O_i is S, or `init` once a lifetime has started in the chunk. Unrolled,

    M_i  = R_i * O_i + sum_{j <= i} (D_ij * w_j) u_j^T                                     (state)

with rows u_j = m_j - e_j^T M'_j, less what they erase. M'_i is (state) without its term j = i, so

    (I + A) U = X - (e * R) O        A_ij = sum_n e_i[n] D_ij[n] w_j[n]  for j < i         (rows)

is a triangular system, one for keys and values together. Split U into keys k and values v. Reading
(state) with q_i gives scores, and from p_i = softmax(s_i + bias_i) the reads:

    s_i    = R_i * (O_i q_i) + sum_{j <= i} (q_i . k_j) D_ij * w_j                         (scores)
    read_i = O_i^T (R_i * p_i) + sum_{j <= i} c_ij v_j       c_ij = sum_n p_i D_ij w_j     (reads)

**D is never formed**, and never a quotient: exp(G_i - G_j) of cumulative gates overflows or cancels
when gates are strong. Cut the chunk into blocks of b = 1, 2, 4, .., C/2 steps and pair neighbours.
Each j < i meets in exactly one such pair, j in its left block and i in its right one, where

    D_ij = rise_i * fall_j                                                                 (pairs)

    rise_i = prod of a_t from the start of the right block to i
    fall_j = prod of a_t after j, to the end of the left block.

Both are products of numbers in [0, 1], made for all b by doubling. A reset is a factor that is
exactly 0, whatever the gates. Each sum over j < i becomes one matmul a pair of blocks, C^2/2 pairs
of steps in all; what remains is the term j = i, where D is 1. The same blocks invert I + A, as

    [P    ]^-1   [     P^-1         ]
    [A  Q ]    = [-Q^-1 A P^-1  Q^-1]                                                      (inverse)

Chunks follow one another in a scan. The backward pass keeps only the slots each chunk starts from
and computes the rest of a chunk again.
"""

import functools

import chex
import jax
import jax.numpy as jnp
from jax import lax

from memlearn.ops.slots.scan import SlotState, broadcast, check


def chunk(q, k, v, w, g, resets, state, init, e=None, bias=None, *, size=64):
    """Write to the slots and read them, a chunk of steps at a time.

    Computes what `scan` does. Decays, softmax, the triangular system and the slots between chunks
    are float32 or wider; the operands of all other matmuls have the dtype of the arguments, and
    their sums are float32 or wider.

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
      size: steps a chunk, int >= 1; rounded up to a power of two.

    Returns:
      reads: float `[B, T, V]`.
      scores: float `[B, T, N]`, `K_t q_t` before bias and softmax.
      state: `SlotState` after the last step.

    Raises:
      AssertionError: if ranks, shapes or dtypes disagree, or the size is not positive.
    """
    check(q, k, v, w, g, resets, state, init, e, bias)
    chex.assert_scalar_positive(size)
    time, width = q.shape[1:]
    size = 1 << (min(size, time) - 1).bit_length()
    wide = jnp.promote_types(q.dtype, jnp.float32)
    slots, init = (
        jnp.concatenate(x, axis=-1).astype(wide) for x in (state, broadcast(init, state))
    )

    # In a scan there is nothing that the barrier against common subexpressions would protect.
    body = jax.checkpoint(functools.partial(_advance, init), prevent_cse=False)
    chunks = jax.tree.map(lambda x: _split(x, size), (q, k, v, w, g, resets, e, bias))
    slots, outputs = lax.scan(body, slots, chunks)
    reads, scores = jax.tree.map(lambda x: _merge(x, time), outputs)
    keys, values = slots[..., :width], slots[..., width:]
    return reads, scores, SlotState(keys.astype(q.dtype), values.astype(q.dtype))


def _advance(init, slots, inputs):
    """Take one chunk of steps; the equations of the module, in order.

    Args:
      init, slots: what a lifetime and what the chunk starts from, `[B, N, K + V]`.
      inputs: the arguments of `chunk` that have a time axis, of C steps.

    Returns:
      the slots after the chunk, and its `(reads, scores)`.
    """
    q, k, v, w, g, resets, e, bias = inputs
    wide, width = slots.dtype, q.shape[-1]
    dot = functools.partial(_dot, dtype=q.dtype)
    wide_dot = functools.partial(_dot, dtype=wide)
    pairs, reach, remains = _decays(w.astype(wide), jnp.exp(g.astype(wide)), resets)
    carried = jnp.cumsum(resets, axis=1)[..., None] == 0

    def at_origin(function):
        return jnp.where(carried, function(slots), function(init))

    rows = jnp.concatenate([k, v], axis=-1).astype(wide)
    if e is not None:
        rows -= at_origin(lambda origin: dot("bin,bnd->bid", e * reach, origin))
        rows = _inverse([_contract(e, *pair, wide_dot) for pair in pairs], rows) @ rows
    k, v = rows[..., :width], rows[..., width:]

    scores = reach * at_origin(lambda origin: dot("bik,bnk->bin", q, origin[..., :width]))
    scores += _scores(q, k, w, pairs, dot)
    p = jax.nn.softmax(scores if bias is None else scores + bias, axis=-1)
    reads = at_origin(lambda origin: dot("bin,bnv->biv", reach * p, origin[..., width:]))
    reads += _reads(p, v, w, pairs, dot)

    origin = jnp.where(carried[:, -1:], slots, init)
    slots = reach[:, -1, :, None] * origin + dot("bjn,bjd->bnd", remains, rows)
    return slots, (reads.astype(q.dtype), scores.astype(q.dtype))


def _decays(w, keep, resets):
    """Decays between the steps of a chunk, for blocks of 1, 2, 4, .. steps and then the chunk.

    Args:
      w, keep: write weights and a_t before resets, `[B, C, N]`.
      resets: bool `[B, C]`.

    Returns:
      pairs: for each b of (pairs), `rise` and `fallen = w * fall`, both `[B, C / 2b, b, N]`.
      reach: R, `[B, C, N]`.
      remains: what each write leaves at the end of the chunk, `[B, C, N]`.
    """
    reset = resets[..., None]
    rise = jnp.where(reset, 0, keep)[:, :, None]
    start = jnp.where(reset, keep, 0)[:, :, None]  # R where the block has seen a reset, else 0
    fallen = w[:, :, None]
    pairs = []
    while rise.shape[1] > 1:
        (rise_l, rise_r), (fallen_l, fallen_r) = _halves(rise), _halves(fallen)
        start_l, start_r = _halves(start)
        pairs.append((rise_r, fallen_l))
        start = _join(start_l, start_r + rise_r * start_l[:, :, -1:])
        fallen = _join(fallen_l * rise_r[:, :, -1:], fallen_r)
        rise = _join(rise_l, rise_r * rise_l[:, :, -1:])
    return pairs, (rise + start)[:, 0], fallen[:, 0]


def _inverse(between, rows):
    """(inverse), `[B, C, C]`, of a system for `rows`.

    Args:
      between: what lies between neighbours in A, for each b of (pairs) `[B, C / 2b, b, b]`.
      rows: `[B, C, K + V]`.
    """
    inverse = jnp.ones_like(rows[:, :, :1, None])
    for block in between:
        left, right = _halves(inverse)
        upper = jnp.concatenate([left, jnp.zeros_like(left)], axis=-1)
        lower = jnp.concatenate([-right @ block @ left, right], axis=-1)
        inverse = _join(upper, lower)
    return inverse[:, 0]


def _scores(q, k, w, pairs, dot):
    """The sum in (scores), `[B, C, N]`."""
    between = []
    for rise, fallen in pairs:
        products = dot("bpik,bpjk->bpij", _right(q, rise), _left(k, rise))
        between.append(rise * dot("bpij,bpjn->bpin", products, fallen))
    return _total(jnp.sum(q * k, axis=-1, keepdims=True) * w, between)


def _reads(p, v, w, pairs, dot):
    """The sum in (reads), `[B, C, V]`."""
    between = []
    for rise, fallen in pairs:
        weights = _contract(p, rise, fallen, dot)
        between.append(dot("bpij,bpjv->bpiv", weights, _left(v, rise)))
    return _total(jnp.sum(p * w, axis=-1, keepdims=True) * v, between)


def _contract(x, rise, fallen, dot):
    """`sum_n x_i D_ij w_j` from the left blocks of pairs to the right ones, `[B, C / 2b, b, b]`."""
    return dot("bpin,bpjn->bpij", rise * _right(x, rise), fallen)


def _total(own, between):
    """What each step gets from itself, `[B, C, X]`, and from the left blocks of its pairs."""
    total = own[:, :, None]
    for x in between:
        left, right = _halves(total)
        total = _join(left, right + x)
    return total[:, 0]


# Steps `[B, C, X]` are cut into blocks `[B, C / b, b, X]`, of which neighbours make a pair. What
# belongs to the left or the right blocks of the pairs is `[B, C / 2b, b, X]`; so is `like`.


def _left(x, like):
    return _halves(_blocks(x, like.shape[2]))[0]


def _right(x, like):
    return _halves(_blocks(x, like.shape[2]))[1]


def _blocks(x, size):
    batch, steps, width = x.shape
    return x.reshape(batch, steps // size, size, width)


def _halves(blocks):
    return blocks[:, ::2], blocks[:, 1::2]


def _join(left, right):
    return jnp.concatenate([left, right], axis=2)


def _dot(spec, x, y, dtype):
    """An einsum of operands in `dtype`, summed in float32 or wider."""
    wide = jnp.promote_types(dtype, jnp.float32)
    return jnp.einsum(spec, x.astype(dtype), y.astype(dtype), preferred_element_type=wide)


def _split(x, size):
    """`[B, T, ...]` to chunks `[T / C, B, C, ...]`; steps of zeros at the end change nothing."""
    x = jnp.pad(x, [(0, 0), (0, -x.shape[1] % size)] + [(0, 0)] * (x.ndim - 2))
    chunks = x.reshape(x.shape[0], x.shape[1] // size, size, *x.shape[2:])
    return jnp.moveaxis(chunks, 1, 0)


def _merge(chunks, time):
    """Chunks `[T / C, B, C, X]` to `[B, T, X]`."""
    count, batch, size, width = chunks.shape
    return jnp.moveaxis(chunks, 0, 1).reshape(batch, count * size, width)[:, :time]
