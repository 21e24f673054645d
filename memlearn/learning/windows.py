"""Windows: learn from lifetimes that are too long for their gradient to be held as a whole."""

import jax
import jax.numpy as jnp
import optax
from jax import lax

from memlearn.learning.structure import average
from memlearn.types import UserError


def gradient(params, loss_fn, memory, lesson, window, axis_name=None):
    """Compute the gradient of a loss window by window, and what is lost by that.

        m_0     = memory                        m_{w+1} = memory after window w
        loss    = mean over windows of loss_fn(params, stop_gradient(m_w), window w)
        edges   = mean over w > 0 and lifetimes of | d loss_w of this lifetime / d m_w |

    Memory is carried from window to window and the gradient is not, so that what is held of the
    way back grows with the window and not with the lifetime. `edges` is what was not handed on: how
    much later losses would still tell those that came before about what to write. A window that
    needs nothing of before has none.

    Args:
      params: what is learned.
      loss_fn: function of params, memory and a lesson that returns the loss and `(memory, report)`.
      memory: state of the memory before the first step, arrays `[B, ...]`.
      lesson: a pytree of arrays `[B, T, ...]`.
      window: W, in steps, a divisor of T.
      axis_name: the mapped axis over which lifetimes are spread, if any.

    Returns:
      the gradient, and the report, a dict of scalars: of several windows the mean, and `edges`.
    """
    batch, length = jax.tree.leaves(lesson)[0].shape[:2]
    if window == length:
        grads, (_, report) = jax.grad(loss_fn, has_aux=True)(params, memory, lesson)
        return grads, report
    count = length // window

    def learn(carry, part):
        memory, total = carry
        both = jax.grad(loss_fn, (0, 1), has_aux=True, allow_int=True)
        (grads, behind), (memory, report) = both(params, memory, part)
        # The loss is a mean over lifetimes, and each has a memory of its own.
        edges = average(jnp.mean(jax.vmap(_norm, axis_size=batch)(behind)) * batch, axis_name)
        total = jax.tree.map(jnp.add, total, grads)
        return (memory, total), {**report, "edges": edges}

    parts = jax.tree.map(lambda x: x.reshape(batch, count, window, *x.shape[2:]), lesson)
    parts = jax.tree.map(lambda x: jnp.moveaxis(x, 1, 0), parts)
    nothing = jax.tree.map(jnp.zeros_like, params)
    (_, total), reports = lax.scan(learn, (memory, nothing), parts)
    report = jax.tree.map(jnp.mean, reports)
    report["edges"] = jnp.mean(reports["edges"][1:])
    return jax.tree.map(lambda x: x / count, total), report


def _norm(tree):
    """The norm of all that can be differentiated by."""
    return optax.global_norm([x for x in jax.tree.leaves(tree) if x.dtype != jax.dtypes.float0])


def check(window, length):
    """Raise a `UserError` if windows do not divide the steps that are learned from at a time."""
    if window and length % window:
        raise UserError(f"window must divide the {length} steps of a row; got {window}")
