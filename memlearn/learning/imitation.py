"""Imitation: learn to answer as the oracle does, from whole lifetimes at once."""

import functools

import jax
import jax.numpy as jnp

from memlearn.learning import structure
from memlearn.learning.state import TrainState, descend
from memlearn.learning.structure import average


@functools.partial(jax.jit, static_argnums=(0, 1))
def init(policy, optimizer, steps, key):
    """Return the `TrainState` before the first update; `steps` shows the shapes of a batch."""
    key_params, key = jax.random.split(key)
    variables = policy.init(key_params, policy.initial_state(steps.question.shape[0]), steps)
    params = {"params": variables["params"]}
    return TrainState(params, optimizer.init(params), key, jnp.int32(0))


def loss_fn(
    params, policy, steps, balance_weight, value_weight, write_price, slot_price, nested,
    axis_name=None,
):  # fmt: skip
    """Compute the loss of one batch, and what to report of it.

        loss = mean over lifetimes and their questions of
                   -log p(oracle) + value_weight / 2 (value - p(oracle))^2
               + balance_weight * mean over routers of the balance loss
               + write_price * mean over memories of how much of each event was written
               + slot_price * mean over memories of the share of slots that are open

    so that the value is the reward the policy expects for its own answer.

    Args:
      params: of the policy.
      policy: a `MultimodalPolicy`.
      steps: `TimeStep`, arrays `[B, T, ...]`; each lifetime begins at its first step.
      balance_weight, value_weight, write_price, slot_price: floats.
      nested: whether lifetimes may use different numbers of slots, evenly from few to all.
      axis_name: the mapped axis over which the batch is spread, if any.

    Returns:
      the loss, a scalar, and a dict of scalars.
    """
    batch = steps.question.shape[0]
    state = policy.initial_state(batch, _shares(batch, axis_name) if nested else 1.0)
    (_, output, _), sown = policy.apply(params, state, steps, mutable=structure.SOWN)
    log_p = jax.nn.log_softmax(output.logits)
    log_right = jnp.take_along_axis(log_p, steps.oracle[..., None], axis=-1)[..., 0]
    expected = jax.lax.stop_gradient(jnp.exp(log_right))
    answered = jnp.argmax(output.logits, axis=-1) == steps.oracle

    def at_questions(x):
        # Each lifetime counts alike, however many questions its task asks.
        each = jnp.sum(x * steps.question, axis=1) / jnp.sum(steps.question, axis=1)
        return average(jnp.mean(each), axis_name)

    imitation = -at_questions(log_right)
    value = 0.5 * at_questions(jnp.square(output.value - expected))

    prices = balance_weight, write_price, slot_price
    cost, report = structure.costs(sown, *prices, axis_name)
    loss = imitation + value_weight * value + cost
    report |= dict(imitation=imitation, value=value, score=at_questions(answered))
    return loss, {"loss": loss, **report}


def update(
    state, steps, *, policy, optimizer, axis_name=None, **settings
) -> tuple[TrainState, dict[str, jax.Array]]:
    """Take one step along the gradient of `loss_fn`; return the new state and the report.

    Args:
      state: `TrainState`.
      steps, policy, axis_name: as of `loss_fn`.
      optimizer: an optax one.
      **settings: what else `loss_fn` wants to be told.
    """
    loss = functools.partial(loss_fn, policy=policy, steps=steps, axis_name=axis_name, **settings)
    params, opt_state, report = descend(state.params, state.opt_state, optimizer, loss, axis_name)
    return state._replace(params=params, opt_state=opt_state, step=state.step + 1), report


def _shares(batch, axis_name):
    """The shares of slots, evenly from few to all over the whole batch; of this device `[B]`."""
    if axis_name is None:
        return (jnp.arange(batch) + 1) / batch
    first = jax.lax.axis_index(axis_name) * batch
    return (first + jnp.arange(batch) + 1) / (batch * jax.lax.psum(1, axis_name))
