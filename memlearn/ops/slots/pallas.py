"""The slot recurrence as one kernel a bank, with the slots held on the chip.

A program of the kernel walks over the chunks of one bank, forward for the op and backward for its
gradient. It does what `chunk` does (the names of equations are of that module), but a chunk is so
short, and so close to the arithmetic, that decays are made one step j at a time:

    D_ij = D_i,j+1 a_{j+1}  for i > j,  from D_jj = 1                                     (decay)

a product of numbers in [0, 1] again, [C, N] of which are held at once. The triangular system of
(rows) is solved by substitution. The backward kernel differentiates the very function of a chunk
that the forward kernel calls, from the slots that each chunk started from.

A kernel cannot index what it holds, so rows are taken and set by masks. Triton compiles it: in JAX
0.10, Mosaic, the other backend for GPUs, multiplies no arrays, only blocks of 64 rows and more from
shared memory, and a chunk is shorter than that.

Not yet timed on a GPU, so that `apply` does not take it.
"""

import functools

import chex
import jax
import jax.numpy as jnp
from jax import lax
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton

from memlearn.ops.slots.scan import SlotState, check, widen


def pallas(
    q, k, v, w, g, resets, state, init, e=None, bias=None, *, size=16, interpret=False
):  # fmt: skip
    """Write to the slots and read them, by a kernel for GPUs.

    Computes what `scan` does, of finite arguments (g may be -inf).

    Args:
      q, k, v, w, g, resets, state, init, e, bias: as of `scan`.
      size: steps a chunk, int >= 1. The time to compile grows with it.
      interpret: whether to run the kernel in plain JAX, on any device. If not, `size`, K, V and N
        have to be powers of two, at least 16.

    Returns:
      reads, scores, state: as of `scan`.

    Raises:
      AssertionError: if ranks, shapes or dtypes disagree, or a size is not possible.
    """
    check(q, k, v, w, g, resets, state, init, e, bias)
    chex.assert_scalar_positive(size)
    for width in () if interpret else (size, *state[0].shape[1:], v.shape[-1]):
        chex.assert_equal(width >= 16 and width & (width - 1) == 0, True)
    time = q.shape[1]
    init, state = widen(init, state)
    options = (size, e is not None, interpret)
    e, bias = (jnp.zeros_like(w) if x is None else x for x in (e, bias))
    # Steps of zeros at the end change nothing.
    sequences = [
        jnp.pad(x, [(0, 0), (0, -time % size), (0, 0)])
        for x in (q, k, v, w, g, resets[..., None].astype(init.keys.dtype), e, bias)
    ]
    reads, scores, state = _op(options, sequences, state, init)
    state = SlotState(*(x.astype(q.dtype) for x in state))
    return reads[:, :time], scores[:, :time], state


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _op(options, sequences, state, init):
    return _run(options, sequences, state, init, starts=[])[0]


def _forward(options, sequences, state, init):
    """Return the outputs, and what the backward pass needs: arguments and starts of chunks."""
    batch, chunks = sequences[0].shape[0], sequences[0].shape[1] // options[0]
    starts = [jax.ShapeDtypeStruct((batch, chunks, *x.shape[1:]), x.dtype) for x in state]
    outputs, starts = _run(options, sequences, state, init, starts)
    return outputs, (sequences, init, starts)


def _run(options, sequences, state, init, starts):
    size, erase, interpret = options
    _, _, v, w, *_ = sequences
    reads, scores, keys, values, *starts = _over_banks(
        functools.partial(_forward_kernel, size, erase), interpret, [v, w, *state, *starts]
    )(*sequences, *state, *init)
    return (reads, scores, SlotState(keys, values)), starts


def _backward(options, kept, cotangents):
    size, erase, interpret = options
    sequences, init, starts = kept
    d_reads, d_scores, d_state = cotangents
    *d_sequences, d_keys, d_values, d_init_keys, d_init_values = _over_banks(
        functools.partial(_backward_kernel, size, erase), interpret, [*sequences, *init, *init]
    )(*sequences, *init, *starts, d_reads, d_scores, *d_state)
    return d_sequences, SlotState(d_keys, d_values), SlotState(d_init_keys, d_init_values)


_op.defvjp(_forward, _backward)


def _over_banks(kernel, interpret, like):
    """Run a kernel once a bank: the first axis of its arguments, and of results `like` these."""

    def bank(x):
        rest = (0,) * (len(x.shape) - 1)
        return pl.BlockSpec((None, *x.shape[1:]), lambda b: (b, *rest))

    def call(*arguments):
        return pl.pallas_call(
            kernel,
            grid=arguments[0].shape[0],
            in_specs=[bank(x) for x in arguments],
            out_specs=[bank(x) for x in like],
            out_shape=[jax.ShapeDtypeStruct(x.shape, x.dtype) for x in like],
            interpret=interpret,
            compiler_params=triton.CompilerParams(num_warps=8),
        )(*arguments)

    return call


def _forward_kernel(size, erase, *refs):
    sequences, (keys, values, *init) = refs[:8], refs[8:12]
    reads, scores, last_keys, last_values, *starts = refs[12:]
    init = tuple(x[...] for x in init)

    def advance(index, slots):
        for ref, x in zip(starts, slots):  # none, unless a backward pass will follow
            ref[index] = x
        steps = pl.ds(index * size, size)
        slots, (read, score) = _chunk(erase, slots, init, tuple(x[steps] for x in sequences))
        reads[steps], scores[steps] = read.astype(reads.dtype), score.astype(scores.dtype)
        return slots

    slots = lax.fori_loop(0, reads.shape[0] // size, advance, (keys[...], values[...]))
    last_keys[...], last_values[...] = slots


def _backward_kernel(size, erase, *refs):
    sequences, init, starts = refs[:8], refs[8:10], refs[10:12]
    d_reads, d_scores, *d_last = refs[12:16]
    d_sequences, d_first, d_init = refs[16:24], refs[24:26], refs[26:28]
    chunks = d_reads.shape[0] // size
    for x in d_init:
        x[...] = jnp.zeros(x.shape, x.dtype)

    def retreat(back, d_slots):
        index = chunks - 1 - back
        steps = pl.ds(index * size, size)
        arguments = (
            tuple(x[index] for x in starts),
            tuple(x[...] for x in init),
            tuple(x[steps] for x in sequences),
        )
        _, transpose = jax.vjp(functools.partial(_chunk, erase), *arguments)
        wide = d_slots[0].dtype
        d_outputs = d_reads[steps].astype(wide), d_scores[steps].astype(wide)
        d_slots, d_start, d_steps = transpose((d_slots, d_outputs))
        for ref, x in zip(d_init, d_start):
            ref[...] += x
        for ref, x in zip(d_sequences, d_steps):
            ref[steps] = x
        return d_slots

    d_slots = lax.fori_loop(0, chunks, retreat, tuple(x[...] for x in d_last))
    for ref, x in zip(d_first, d_slots):
        ref[...] = x


def _chunk(erase, slots, init, sequences):
    """Take one chunk of one bank.

    Args:
      erase: whether e is other than zero.
      slots: S, `([N, K], [N, V])`, float32 or wider; so is `init`.
      sequences: q, k, v, w, g, resets, e, bias of C steps, `[C, X]`.

    Returns:
      the slots after the chunk, and `(reads, scores)`, all as wide as `slots`.
    """
    dot = functools.partial(_dot, dtype=sequences[0].dtype)
    q, k, v, w, g, reset, e, bias = (x.astype(slots[0].dtype) for x in sequences)
    keep = jnp.exp(g)
    on, size = keep * (1 - reset), w.shape[0]  # a_t, 0 where a lifetime starts
    index = lax.broadcasted_iota(jnp.int32, (size, 1), 0)
    column = lax.broadcasted_iota(jnp.int32, (1, size), 1)

    def row(x, j):
        return jnp.sum(jnp.where(index == j, x, 0), axis=0, keepdims=True)

    def decays():
        """(decay): j and D_ij `[C, N]` of all i, for each j from the last to the first."""
        decay = jnp.zeros_like(w)
        for j in reversed(range(size)):
            decay = jnp.where(index == j, 1, decay * row(on, j + 1))
            yield j, decay

    def shares(x):
        """`sum_n x_i D_ij w_j`, `[C, C]`."""
        result = jnp.zeros((size, size), w.dtype)
        for j, decay in decays():
            share = jnp.sum(x * decay * row(w, j), axis=1, keepdims=True)
            result = jnp.where(column == j, share, result)
        return result

    remains, fresh = jnp.zeros_like(w), jnp.zeros_like(w)
    for j, decay in decays():
        remains = jnp.where(index == j, row(decay, size - 1) * w, remains)
        fresh += decay * row(keep * reset, j)
    reach = decay * row(on, 0)  # after the last turn, from step 0

    # (rows), solved by substitution.
    rows = [k, v]
    if erase:
        lower = jnp.where(column < index, shares(e), 0)
        for i, (held, first) in enumerate(zip(slots, init)):
            rows[i] -= dot(e * reach, held) + dot(e * fresh, first)
            for j in range(size - 1):
                taken = jnp.sum(jnp.where(column == j, lower, 0), axis=1, keepdims=True)
                rows[i] -= taken * row(rows[i], j)

    # (scores) and (reads).
    products = dot(q, rows[0].T)
    scores = reach * dot(q, slots[0].T) + fresh * dot(q, init[0].T)
    for j, decay in decays():
        product = jnp.sum(jnp.where(column == j, products, 0), axis=1, keepdims=True)
        scores += product * decay * row(w, j)
    p = scores + bias
    p = jnp.exp(p - lax.stop_gradient(jnp.max(p, axis=1, keepdims=True)))
    p /= jnp.sum(p, axis=1, keepdims=True)
    reads = dot(shares(p), rows[1]) + dot(reach * p, slots[1]) + dot(fresh * p, init[1])

    # (carry).
    last = (row(reach, size - 1).T, row(fresh, size - 1).T)
    slots = tuple(
        last[0] * held + last[1] * first + dot(remains.T, x)
        for x, held, first in zip(rows, slots, init)
    )
    return slots, (reads, scores)


def _dot(x, y, dtype):
    """A matmul of operands in `dtype`, summed in float32 or wider."""
    wide = jnp.promote_types(dtype, jnp.float32)
    return jnp.dot(x.astype(dtype), y.astype(dtype), preferred_element_type=wide)
