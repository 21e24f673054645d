"""The slot op in the form that is fastest on the device at hand."""

import functools

import jax

from memlearn.ops.slots.chunk import chunk
from memlearn.ops.slots.step import step

FORMS = {
    "chunk": chunk,
    "chunk, all at once": functools.partial(chunk, size=64, all_at_once=True),
    "step": step,
}


def choose(time, backend=None):
    """Say which form of the op `apply` takes.

    On a CPU, in training, chunk after chunk was the fastest form of 16, 256 and 1,024 steps; of 64,
    all chunks at once took .85 of its time (`benchmarks/ops.py`, commit 66c10b5). That accelerators
    do better with all chunks at once is expected, and not measured yet.

    Args:
      time: T, the number of steps.
      backend: `cpu`, `gpu` or `tpu`; None for JAX's default.

    Returns:
      a key of `FORMS`.
    """
    backend = backend or jax.default_backend()
    if time == 1:
        return "step"
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
    return FORMS[choose(q.shape[1])](q, k, v, w, g, resets, state, init, e, bias)
