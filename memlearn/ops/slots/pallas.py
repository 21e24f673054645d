"""The slot recurrence by two kernels, one for scores and one for reads.

They do what `chunk` does (the names of equations are of that module), chunk after chunk: the first
with the keys of a bank on the chip, the second, which is told p, with the values. Every
sum over the steps of a chunk, of gates included, is a matmul of the whole chunk: those are what a
GPU is fast at. As in `pairs`, the decay from step j to step i is a product of two numbers,

    D_ij = rise_i * fall_j.

Which two depends on how far the steps are apart. Steps j < i whose numbers first differ in the bit
of value b >= 8 lie in neighbouring blocks of b steps, and meet where these touch: there

    rise_i = exp(sum of g from the start of i's block to i)
    fall_j = exp(sum of g after j, to the end of j's block)

are sums of numbers <= 0, in which nothing can cancel, and one matrix holds both, since i's block
has an odd number and j's an even one. Steps of the same 8 meet in its middle: with x_i the sum of g
from there to i, or minus the sum of what lies between i and there,

    rise_i = exp(x_i)      fall_j = exp(-x_j)

which cannot overflow if g is taken to be -20 where it is less (in float32): of 1, a slot keeps 2e-9
in such a step, less than what rounding loses. Each kind of pairs is a mask of the matrix `[C, C]`
of all pairs.
"""

import functools
import math

import chex
import jax
import jax.numpy as jnp
from jax import lax

from memlearn.ops.slots.pairs import NOTHING
from memlearn.ops.slots.scan import SlotState, check, widen
from memlearn.ops.slots.walk import Walk, walk

NEAR = 8  # steps that meet in their middle
LEAST = 16  # rows or columns of a matrix


def pallas(
    q, k, v, w, g, resets, state, init, e=None, bias=None, *, size=16, warps=4, interpret=False
):  # fmt: skip
    """Write to the slots and read them, by kernels for GPUs.

    Computes what `scan` does, of finite arguments (g may be -inf). What a kernel multiplies has
    powers of two of rows and columns, at least `LEAST`: slots and widths are filled up.

    Args:
      q, k, v, w, g, resets, state, init, e, bias: as of `scan`, but not in float16, whose numbers
        end before what `rise` and `fall` may be.
      size: steps a chunk, a power of two, on a GPU at least `LEAST`.
      warps: of a program of a kernel, a power of two.
      interpret: whether to run the kernels in plain JAX, on any device.

    Returns:
      reads, scores, state: as of `scan`.

    Raises:
      AssertionError: if ranks, shapes or dtypes disagree, or the size is not possible.
    """
    check(q, k, v, w, g, resets, state, init, e, bias)
    chex.assert_equal(q.dtype == jnp.float16, False)
    chex.assert_equal(size >= (1 if interpret else LEAST) and size & (size - 1) == 0, True)
    (batch, time), dtype, slots, value_width = resets.shape, q.dtype, w.shape[-1], v.shape[-1]
    init, state = (SlotState(*map(_fill, x)) for x in widen(init, state))
    options = dtype, size, warps, interpret

    starts = jnp.pad(resets, [(0, 0), (0, -time % size)]).reshape(batch, -1, size)
    life = jnp.cumsum(starts, axis=2, dtype=jnp.int32).reshape(batch, -1)
    given = dict(q=q, k=k, v=v, w=w, g=g) | ({} if e is None else dict(e=e))

    def whole(x):  # steps of zeros at the end change nothing
        return jnp.pad(_fill(x, axes=(2,)), [(0, 0), (0, -time % size), (0, 0)])

    steps = jax.tree.map(whole, given)
    q, k, v = (steps.pop(name) for name in ("q", "k", "v"))

    how = Walk(_scores, steps["w"].shape[-1], init.keys.dtype, *options)
    scores, keys = walk(how, life, dict(q=q, k=k, **steps), state.keys, init.keys)
    scores = scores[:, :time, :slots]
    p = jax.nn.softmax(scores if bias is None else scores + bias, axis=-1)
    how = Walk(_reads, v.shape[-1], dtype, *options)
    reads, values = walk(
        how, life, dict(p=whole(p.astype(dtype)), v=v, **steps), state.values, init.values
    )
    state = keys[:, :slots, : given["q"].shape[-1]], values[:, :slots, :value_width]
    state = SlotState(*(x.astype(dtype) for x in state))
    return reads[:, :time, :value_width], scores.astype(dtype), state


def _fill(x, axes=(1, 2)):
    """Fill these axes up with zeros, to powers of two."""

    def missing(axis):
        return max(LEAST, 1 << (x.shape[axis] - 1).bit_length()) - x.shape[axis]

    return jnp.pad(x, [(0, missing(axis) if axis in axes else 0) for axis in range(x.ndim)])


def _scores(dot, keys, q, k, w, g, e=None):
    """(scores) of a chunk `[C, N]`, and the keys after it."""
    rows = _rows(dot, k, keys, w, g, e)
    products, scores = dot(q, rows.T), _reach(dot, g) * dot(q, keys.T)
    for mask, rise, fallen in _pairs(dot, w, g):
        scores += rise * dot(jnp.where(mask, products, 0), fallen)
    return _carry(dot, keys, w, g, rows), scores


def _reads(dot, values, p, v, w, g, e=None):
    """(reads) of a chunk `[C, V]`, and the values after it."""
    rows = _rows(dot, v, values, w, g, e)
    reads = dot(_shares(dot, p, w, g), rows) + dot(_reach(dot, g) * p, values)
    return _carry(dot, values, w, g, rows), reads


def _rows(dot, rows, slots, w, g, e):
    """(rows) `[C, X]`: what is written, less what is erased."""
    if e is None:
        return rows
    i, j = _indices(w)
    lower = jnp.where(j < i, _shares(dot, e, w, g), 0)
    # As `pairs.inverse`, by masks.
    solve = functools.partial(dot, dtype=rows.dtype)
    inverse, block = (i == j).astype(rows.dtype), 1
    while block < len(w):
        corner = (i // block % 2 == 1) & (i // block == j // block + 1)
        inverse -= solve(solve(inverse, jnp.where(corner, lower, 0)), inverse)
        block *= 2
    return solve(inverse, rows - dot(e * _reach(dot, g), slots))


def _carry(dot, slots, w, g, rows):
    """(carry) `[N, X]`."""
    i, j = _indices(w)
    keep = jnp.exp(jnp.sum(jnp.maximum(g, NOTHING), axis=0))[:, None]
    remains = w * jnp.exp(_sums(dot, j > i, g))
    return keep * slots + dot(remains.T, rows)


def _reach(dot, g):
    """R_i, what is kept at each step of the slots before the chunk, `[C, N]`."""
    i, j = _indices(g)
    return jnp.exp(_sums(dot, j <= i, g))


def _shares(dot, x, w, g):
    """`sum_n x_i D_ij w_j` for j <= i, and else 0, `[C, C]`."""
    pairs = _pairs(dot, w, g)
    return sum(jnp.where(mask, dot(x * rise, fallen.T), 0) for mask, rise, fallen in pairs)


def _pairs(dot, w, g):
    """Kinds of pairs: a mask `[C, C]`, of which one is set for each i >= j, rise and w * fall."""
    (i, j), near = _indices(w), min(NEAR, len(w))
    same = i // near == j // near
    least = -0.9 * math.log(float(jnp.finfo(w.dtype).max)) / max(1, near // 2)
    middle = i // near * near + near // 2
    after, before = (j >= middle) & (j <= i), (j < middle) & (j > i)
    sides = jnp.where(same & after, 1.0, jnp.where(same & before, -1.0, 0.0))
    x = _sums(dot, sides, jnp.maximum(g, least))
    yield same & (j <= i), jnp.exp(x), w * jnp.exp(-x)
    while near < len(w):
        same, odd = i // near == j // near, i // near % 2 == 1
        meet = jnp.exp(_sums(dot, same & jnp.where(odd, j <= i, j > i), g))
        yield odd & (i // near == j // near + 1), meet, w * meet
        near *= 2


def _sums(dot, among, g):
    """`sum_j among_ij g_j`, `[C, N]`, in full precision: g has the dtype of the operands."""
    return dot(among.astype(g.dtype), jnp.maximum(g, NOTHING), precision="highest")


def _indices(x):
    """Numbers i of the rows and j of the columns of a matrix of pairs of steps."""
    return [lax.broadcasted_iota(jnp.int32, (len(x), len(x)), axis) for axis in (0, 1)]
