"""What learning carries from one update to the next, and the step along a gradient."""

from typing import Any, NamedTuple

import jax
import optax

from memlearn.learning.structure import average


class TrainState(NamedTuple):
    """All that learning carries from one update to the next.

    Attributes:
      params: of the policy.
      opt_state: of the optimizer.
      key: random key; the batch of update n is drawn from `fold_in(key, n)`.
      step: int32, updates taken.
      actor: what a learner that acts carries for each of its environments, arrays `[B, ...]`.
      moments: what it carries of what it was rewarded with.
    """

    params: Any
    opt_state: Any
    key: jax.Array
    step: jax.Array
    actor: Any = ()
    moments: Any = ()


def descend(params, opt_state, optimizer, gradient, axis_name):
    """Take one step along the gradient of a loss.

    Args:
      params: of the policy.
      opt_state: of the optimizer.
      optimizer: an optax one.
      gradient: function of params that returns the gradient and a report, a dict of scalars.
      axis_name: the mapped axis to average the gradient over, if any.

    Returns:
      the new params, the new state of the optimizer, and the report with `gradient_norm`.
    """
    grads, report = gradient(params)
    grads = average(grads, axis_name)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    report = {**report, "gradient_norm": optax.global_norm(grads)}
    return optax.apply_updates(params, updates), opt_state, report
