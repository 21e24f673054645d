"""A recurrence over chunks, as one kernel a bank that holds the slots on the chip.

What happens in a chunk is a function of the slots before it. A program of the kernel walks over the
chunks of one bank, forward for the op and backward for its gradient: there it differentiates the
very same function, from the slots that each chunk started from.

A chunk in which a lifetime starts is walked in pieces, a lifetime each, so that the function need
not know of lifetimes: steps that are not of the piece write nothing and keep everything, and what
becomes of them is not stored.

Triton compiles the kernels. Mosaic, the other backend for GPUs, multiplies only blocks of 64 rows
and more, of which a gradient would not fit into the registers.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton


class Walk(NamedTuple):
    """How to walk.

    Attributes:
      chunk: a function `(dot, slots, **steps) -> (slots, output)` of one chunk of one bank; all
        arrays are float32 or wider. `dot(x, y, dtype=None, precision=None)` multiplies matrices.
      width: of the output.
      output: its dtype.
      dtype: of operands of matmuls, if `dot` is told no other.
      size: C, steps a chunk.
      warps: of a program.
      interpret: whether to run the kernel in plain JAX, on any device.
    """

    chunk: Callable
    width: int
    output: jnp.dtype
    dtype: jnp.dtype
    size: int
    warps: int
    interpret: bool


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def walk(how, life, steps, slots, init):
    """Walk over all chunks of all banks.

    Args:
      how: a `Walk`.
      life: int32 `[B, T]`, how many lifetimes have started in a chunk, this step's among them.
      steps: arguments of the chunk by name, float `[B, T, X]`: of w, g and e what is not of the
        piece is 0.
      slots: before the first chunk, `[B, N, X]`, float32 or wider.
      init: what they are where a lifetime starts, like `slots`.

    Returns:
      the output, `[B, T, width]`, and the slots after the last chunk.
    """
    return _walk(how, life, steps, slots, init, starts=[])[:2]


def _forward(how, life, steps, slots, init):
    """Return the results, and what the backward pass needs: also `init` and starts of chunks."""
    chunks = life.shape[1] // how.size
    starts = jax.ShapeDtypeStruct((len(life), 1 + chunks, *slots.shape[1:]), how.dtype)
    *results, starts = _walk(how, life, steps, slots, init, [starts])
    return results, (life, steps, starts)


def _walk(how, life, steps, slots, init, starts):
    output = jax.ShapeDtypeStruct((*life.shape, how.width), how.output)
    kernel = functools.partial(_forward_kernel, how)
    return _over_banks(how, kernel, [output, slots, *starts])(life, steps, slots, init)


def _backward(how, kept, cotangents):
    leaves, structure = jax.tree.flatten(kept[1])
    like = [*leaves, cotangents[1], cotangents[1]]
    kernel = functools.partial(_backward_kernel, how)
    *d_steps, d_slots, d_init = _over_banks(how, kernel, like)(*kept, cotangents)
    return None, jax.tree.unflatten(structure, d_steps), d_slots, d_init


walk.defvjp(_forward, _backward)


def _over_banks(how, kernel, like):
    """Run a kernel once a bank: the first axis of its arguments, and of results `like` these."""

    def bank(x):
        rest = (0,) * (len(x.shape) - 1)
        return pl.BlockSpec((None, *x.shape[1:]), lambda b: (b, *rest))

    def call(*arguments):
        leaves, structure = jax.tree.flatten(arguments)

        def body(*refs):
            kernel(*jax.tree.unflatten(structure, refs[: len(leaves)]), refs[len(leaves) :])

        return pl.pallas_call(
            body,
            grid=leaves[0].shape[0],
            in_specs=[bank(x) for x in leaves],
            out_specs=[bank(x) for x in like],
            out_shape=[jax.ShapeDtypeStruct(x.shape, x.dtype) for x in like],
            interpret=how.interpret,
            compiler_params=triton.CompilerParams(num_warps=how.warps, num_stages=1),
        )(*leaves)

    return call


def _forward_kernel(how, life, steps, slots, init, results):
    output, last, *starts = results
    for ref in starts:  # none, unless a backward pass will follow
        ref[0] = init[...].astype(ref.dtype)

    def advance(index, slots):
        for ref in starts:
            ref[1 + index] = slots.astype(ref.dtype)
        now = pl.ds(index * how.size, how.size)

        def piece(number, slots):
            slots = triton.load(init, mask=jnp.full(init.shape, number > 0), other=slots)
            mine = (life[now] == number)[:, None]
            slots, result = how.chunk(_dot_by(_dot, how), slots, **_taken(steps, now, mine, slots))
            _store(output.at[now], mine, result)
            return slots

        return lax.fori_loop(0, life[index * how.size + how.size - 1] + 1, piece, slots)

    last[...] = lax.fori_loop(0, life.shape[0] // how.size, advance, slots[...])


def _backward_kernel(how, life, steps, starts, cotangents, results):
    d_output, d_last = cotangents
    *d_steps, d_first, d_init = results
    d_steps = jax.tree.unflatten(jax.tree.structure(steps), d_steps)
    chunks = life.shape[0] // how.size
    d_init[...] = jnp.zeros(d_init.shape, d_init.dtype)

    def retreat(back, d_slots):
        index = chunks - 1 - back
        now = pl.ds(index * how.size, how.size)
        pieces = life[index * how.size + how.size - 1] + 1

        def piece(back, d_slots):
            number = pieces - 1 - back
            mine = (life[now] == number)[:, None]
            row = (1 + index) * (number == 0).astype(index.dtype)  # 0: a lifetime starts from init
            held = starts[row].astype(d_slots.dtype)
            d_result = jnp.where(mine, d_output[now].astype(held.dtype), 0)

            def chunk(slots, taken):
                return how.chunk(_dot_by(_dot_with_gradient, how), slots, **taken)

            _, transpose = jax.vjp(chunk, held, _taken(steps, now, mine, held))
            d_held, d_taken = transpose((d_slots, d_result))
            jax.tree.map(lambda ref, x: _store(ref.at[now], mine, x), d_steps, d_taken)

            @pl.when(number > 0)
            def _():
                d_init[...] += d_held

            return jnp.where(number > 0, 0, d_held)

        return lax.fori_loop(0, pieces, piece, d_slots)

    d_first[...] = lax.fori_loop(0, chunks, retreat, d_last[...])


def _taken(steps, now, mine, like):
    """The steps of a piece."""

    def take(name, x):
        x = x[now].astype(like.dtype)
        return jnp.where(mine, x, 0) if name in ("w", "g", "e") else x

    return {name: take(name, x) for name, x in steps.items()}


def _store(ref, mine, x):
    """Store the rows of x that are of the piece."""
    triton.store(ref, x.astype(ref.dtype), mask=jnp.broadcast_to(mine, ref.shape))


def _dot_by(matmul, how):
    """Return a matmul with operands in the dtype of the walk, unless another is given."""

    def dot(x, y, dtype=None, precision=None):
        return matmul(dtype or how.dtype, precision, x, y)

    return dot


def _dot(dtype, precision, x, y):
    """A matmul of operands in `dtype`, summed in float32 or wider."""
    wide = jnp.promote_types(dtype, jnp.float32)
    x, y = x.astype(dtype), y.astype(dtype)
    return jnp.dot(x, y, precision=precision, preferred_element_type=wide)


# So are the matmuls of its gradient, which JAX would make of operands of two dtypes.
_dot_with_gradient = jax.custom_vjp(_dot, nondiff_argnums=(0, 1))


def _dot_forward(dtype, precision, x, y):
    return _dot(dtype, precision, x, y), (x, y)


def _dot_backward(dtype, precision, operands, cotangent):
    x, y = operands
    d_x = _dot(dtype, precision, cotangent, y.T).astype(x.dtype)
    return d_x, _dot(dtype, precision, x.T, cotangent).astype(y.dtype)


_dot_with_gradient.defvjp(_dot_forward, _dot_backward)
