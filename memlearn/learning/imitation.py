"""Imitation: learn to answer as the oracle does, from lifetimes, whole or window by window."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp

from memlearn.learning import structure, windows
from memlearn.learning.state import TrainState, descend
from memlearn.learning.structure import average
from memlearn.types import TimeStep


@functools.partial(jax.jit, static_argnums=(0, 1))
def init(policy, optimizer, steps, key):
    """Return the `TrainState` before the first update; `steps` shows the shapes of a batch."""
    key_params, key = jax.random.split(key)
    variables = policy.init(key_params, policy.initial_state(steps.question.shape[0]), steps)
    params = {"params": variables["params"]}
    return TrainState(params, optimizer.init(params), key, jnp.int32(0))


class Lesson(NamedTuple):
    """Steps to learn from.

    Attributes:
      steps: `TimeStep`, arrays `[B, T, ...]`.
      weights: float `[B, T]`, what each question counts.
    """

    steps: TimeStep
    weights: jax.Array


def lesson(steps, count=1):
    """Return the `Lesson` of whole lifetimes; each counts alike, however much its task asks.

    Args:
      steps: `TimeStep`, arrays `[B, T, ...]`.
      count: into how many windows it will be divided, over which losses are averaged.
    """
    questions = steps.question.sum(1, keepdims=True) * steps.question.shape[0]
    return Lesson(steps, count * steps.question / questions)


def loss_fn(
    params, memory, lesson, policy, balance_weight, value_weight, write_price, slot_price,
    axis_name=None,
):  # fmt: skip
    """Compute the loss of one batch, and what to report of it.

        loss = sum over questions of
                   weight * (-log p(oracle) + value_weight / 2 (value - p(oracle))^2)
               + balance_weight * mean over routers of the balance loss
               + write_price * mean over memories of how much of each event was written
               + slot_price * mean over memories of the share of slots that are open

    so that the value is the reward the policy expects for its own answer.

    Args:
      params: of the policy.
      memory: its state before the first step.
      lesson: `Lesson`.
      policy: a `MultimodalPolicy`.
      balance_weight, value_weight, write_price, slot_price: floats.
      axis_name: the mapped axis over which the batch is spread, if any.

    Returns:
      the loss, a scalar, and the state after the last step with a dict of scalars.
    """
    steps = lesson.steps
    (memory, output, _), sown = policy.apply(params, memory, steps, mutable=structure.SOWN)
    log_p = jax.nn.log_softmax(output.logits)
    log_right = jnp.take_along_axis(log_p, steps.oracle[..., None], axis=-1)[..., 0]
    expected = jax.lax.stop_gradient(jnp.exp(log_right))
    answered = jnp.argmax(output.logits, axis=-1) == steps.oracle

    def at_questions(x):
        return average(jnp.sum(x * lesson.weights), axis_name)

    imitation = -at_questions(log_right)
    value = 0.5 * at_questions(jnp.square(output.value - expected))

    prices = balance_weight, write_price, slot_price
    cost, report = structure.costs(sown, *prices, axis_name)
    loss = imitation + value_weight * value + cost
    report |= dict(loss=loss, imitation=imitation, value=value, score=at_questions(answered))
    return loss, (memory, report)


def update(
    state, steps, *, policy, optimizer, nested=False, window=0, axis_name=None, **settings
) -> tuple[TrainState, dict[str, jax.Array]]:
    """Take one step along the gradient of `loss_fn`; return the new state and the report.

    Args:
      state: `TrainState`.
      steps: `TimeStep`, arrays `[B, T, ...]`; each lifetime begins at its first step.
      policy: a `MultimodalPolicy`.
      optimizer: an optax one.
      nested: whether lifetimes may use different numbers of slots, evenly from few to all.
      window: steps from which a gradient flows at once, as of `windows.gradient`; 0 for all.
      axis_name: the mapped axis over which the batch is spread, if any.
      **settings: what else `loss_fn` wants to be told.
    """
    batch, length = steps.question.shape
    window = window or length
    loss = functools.partial(loss_fn, policy=policy, axis_name=axis_name, **settings)
    gradient = functools.partial(
        windows.gradient, loss_fn=loss, lesson=lesson(steps, length // window),
        memory=policy.initial_state(batch, _shares(batch, axis_name) if nested else 1.0),
        window=window, axis_name=axis_name,
    )  # fmt: skip
    params, opt_state, report = descend(
        state.params, state.opt_state, optimizer, gradient, axis_name
    )
    return state._replace(params=params, opt_state=opt_state, step=state.step + 1), report


def _shares(batch, axis_name):
    """The shares of slots, evenly from few to all over the whole batch; of this device `[B]`."""
    if axis_name is None:
        return (jnp.arange(batch) + 1) / batch
    first = jax.lax.axis_index(axis_name) * batch
    return (first + jnp.arange(batch) + 1) / (batch * jax.lax.psum(1, axis_name))
