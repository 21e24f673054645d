"""Sums over the earlier steps of a chunk, with the decays between steps, by pairs of blocks.

From step j to step i of a chunk a slot keeps D_ij = exp(g_{j+1} + .. + g_i), or 0 if a lifetime has
started in between. Sums over j < i need it for each i, j and slot. **D is never formed**, nor is it
a quotient: exp(G_i - G_j) of cumulative gates overflows or cancels when gates are strong. Cut the
chunk into blocks of b = 1, 2, 4, .., C/2 steps and pair neighbours. Each j < i meets in exactly one
such pair, j in its left block and i in its right one, where

    D_ij = rise_i * fall_j

    rise_i = exp(sum of g from the start of the right block to i)
    fall_j = exp(sum of g after j, to the end of the left block).

Both are exponentials of sums of numbers <= 0, in which nothing can cancel. A start of a lifetime is
a mask, whatever the gates. Sums over j < i become matmuls of blocks, of C(C - 1)/2 pairs of steps
in all; what is left is the term j = i, where D is 1.

Below, steps `[B, C, X]` are cut into blocks `[B, C / b, b, X]`, and what belongs to the left or to
the right blocks of the pairs is `[B, C / 2b, b, X]`.
"""

import functools

import jax.numpy as jnp

NOTHING = -1e4  # a log-decay of which the exponential is exactly 0; unlike -inf, 0 * NOTHING is 0


def decays(w, g, resets, dtype):
    """Decays between the steps of a chunk, for blocks of 1, 2, 4, .. steps and then the chunk.

    Args:
      w: write weights, float >= 0 `[B, C, N]`.
      g: log-decays, float <= 0 `[B, C, N]`, in nats per step.
      resets: bool `[B, C]`, where the slots become `init` before the step is taken.
      dtype: of what is returned.

    Returns:
      blocks: for each b, the pair `rise` and `fallen = w * fall`, both `[B, C / 2b, b, N]`.
      reach: what is kept, at each step, of the slots before the chunk, `[B, C, N]`.
      fresh: ... of `init`, if a lifetime has started in the chunk, `[B, C, N]`.
      remains: what each write leaves at the end of the chunk, `[B, C, N]`.
    """
    g, w = jnp.maximum(g.astype(dtype), NOTHING), w.astype(dtype)
    life = jnp.cumsum(resets, axis=1)[..., None]  # which lifetime of the chunk a step belongs to
    blocks, size = [], 1
    while size < w.shape[1]:
        (g_l, g_r), (life_l, life_r) = _pair(g, size), _pair(life, size)
        rise = jnp.where(life_r == life_l[:, :, -1:], _exp_sum(_until(size), g_r), 0)
        fall = jnp.where(life_l == life_l[:, :, -1:], _exp_sum(~_until(size), g_l), 0)
        blocks.append((rise, _pair(w, size)[0] * fall))
        size *= 2
    kept = _exp_sum(_until(size) & (life == jnp.swapaxes(life, 1, 2)), g)
    reach, fresh = jnp.where(life == 0, kept, 0), jnp.where(life == 0, 0, kept)
    remains = jnp.where(life == life[:, -1:], w * _exp_sum(~_until(size), g), 0)
    return blocks, reach, fresh, remains


def scores(q, k, w, blocks, dot):
    """`sum_{j <= i} (q_i . k_j) D_ij * w_j`, `[B, C, N]`.

    Args:
      q, k: `[B, C, K]`.
      w, blocks: the argument and the result of `decays`.
      dot: an einsum of two operands.
    """
    total = jnp.sum(q * k, axis=-1, keepdims=True) * w
    for rise, fallen in blocks:
        k_l, q_r = _across(k, q, rise)
        products = dot("bpik,bpjk->bpij", q_r, k_l)
        total += _below(rise * dot("bpij,bpjn->bpin", products, fallen))
    return total


def reads(p, v, w, blocks, dot):
    """`sum_{j <= i} (sum_n p_i D_ij w_j) v_j`, `[B, C, V]`.

    Args:
      p: `[B, C, N]`.
      v: `[B, C, V]`.
      w, blocks, dot: as of `scores`.
    """
    total = jnp.sum(p * w, axis=-1, keepdims=True) * v
    for rise, fallen in blocks:
        v_l, p_r = _across(v, p, rise)
        shares = dot("bpin,bpjn->bpij", rise * p_r, fallen)
        total += _below(dot("bpij,bpjv->bpiv", shares, v_l))
    return total


def inverse(e, blocks):
    r"""Inverse of `I + A`, `[B, C, C]`, where `A_ij = sum_n e_i D_ij w_j` for j < i and else 0.

        [P    ]^-1   [     P^-1         ]
        [A  Q ]    = [-Q^-1 A P^-1  Q^-1]

    from blocks of one step, whose inverse is 1, to the whole; in full precision everywhere.

    Args:
      e: `[B, C, N]`, float32 or wider.
      blocks: as of `scores`.
    """
    multiply = functools.partial(jnp.matmul, precision="highest")
    result = jnp.ones((*e.shape[:2], 1, 1), e.dtype)
    for rise, fallen in blocks:
        shares = multiply(rise * _pair(e, rise.shape[2])[1], jnp.swapaxes(fallen, -1, -2))
        left, right = result[:, ::2], result[:, 1::2]
        corner = -multiply(multiply(right, shares), left)
        upper = jnp.concatenate([left, jnp.zeros_like(left)], axis=-1)
        result = jnp.concatenate([upper, jnp.concatenate([corner, right], axis=-1)], axis=-2)
    return result[:, 0]


def dot(spec, x, y, dtype):
    """An einsum of operands in `dtype`, summed in float32 or wider."""
    wide = jnp.promote_types(dtype, jnp.float32)
    return jnp.einsum(spec, x.astype(dtype), y.astype(dtype), preferred_element_type=wide)


def _until(size):
    """Which steps t are up to i, bool `[i, t]`."""
    return jnp.tri(size, dtype=bool)


def _exp_sum(among, g):
    """`exp(sum_t among_it g_t)`, `[.., b, N]`; gates are summed in full precision everywhere."""
    among = jnp.broadcast_to(among, (*g.shape[:-1], g.shape[-2])).astype(g.dtype)
    return jnp.exp(jnp.matmul(among, g, precision="highest"))


def _pair(x, size):
    """The left and the right blocks of the pairs, of `size` steps."""
    batch, steps, width = x.shape
    blocks = x.reshape(batch, steps // (2 * size), 2, size, width)
    return blocks[:, :, 0], blocks[:, :, 1]


def _across(x, y, like):
    """The left blocks of `x` and the right ones of `y`, of as many steps as those of `like`."""
    return _pair(x, like.shape[2])[0], _pair(y, like.shape[2])[1]


def _below(x):
    """Right blocks `[B, C / 2b, b, X]` in their places among zeros, `[B, C, X]`."""
    batch, count, size, width = x.shape
    padded = jnp.pad(x[:, :, None], [(0, 0), (0, 0), (1, 0), (0, 0), (0, 0)])
    return padded.reshape(batch, 2 * count * size, width)
