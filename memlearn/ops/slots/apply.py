"""The slot op in the form that is fastest on the device at hand."""

import functools

import jax
import jax.numpy as jnp

from memlearn.ops.slots.chunk import chunk
from memlearn.ops.slots.pallas import pallas
from memlearn.ops.slots.step import step

FORMS = {
    "chunk": chunk,
    "chunk, all at once": functools.partial(chunk, size=64, all_at_once=True),
    "pallas": pallas,
    "step": step,
}
ENOUGH = 256  # banks, for a kernel that has one program for each


def choose(time, banks, dtype, backend=None):
    """Say which form of the op `apply` takes.

    In training, by `benchmarks/ops.py`: on a CPU, chunk after chunk was the fastest form of 16, 256
    and 1,024 steps; of 64, all chunks at once took .85 of its time (commit 66c10b5). On an H200,
    all chunks at once took .36 to .86 of its time, and the kernels .27 of that for 512 banks in
    bfloat16, but 1.3 and 1.6 times as long for 32 banks in float32, 64 and 1,024 steps (commit
    d344866). What lies between was not measured, nor were TPUs.

    Args:
      time: T, the number of steps.
      banks: B, how many there are.
      dtype: of the arguments.
      backend: `cpu`, `gpu` or `tpu`; None for JAX's default.

    Returns:
      a key of `FORMS`.
    """
    backend = backend or jax.default_backend()
    if time == 1:
        return "step"
    if backend == "gpu" and banks >= ENOUGH and dtype == jnp.bfloat16:
        return "pallas"
    return "chunk" if backend == "cpu" else "chunk, all at once"


def apply(q, k, v, w, g, resets, state, init, e=None, bias=None):
    """Write to the slots and read them, by the form that `choose` names.

    Args:
      q, k, v, w, g, resets, state, init, e, bias: as of `scan`.

    Returns:
      reads, scores, state: as of `scan`.

    Raises:
      AssertionError: if ranks, shapes or dtypes disagree.
    """
    form = FORMS[choose(q.shape[1], q.shape[0], q.dtype)]
    return form(q, k, v, w, g, resets, state, init, e, bias)
