"""PPO: learn to answer from reward alone, over lifetimes of several episodes.

Schulman et al., 2017, "Proximal policy optimization algorithms", with what makes it work in
practice: advantages and values in units of their own spread, and clipped values (Huang et al.,
2022, "The 37 implementation details of proximal policy optimization"). Minibatches are of whole
windows, so that memory is lived through as it was, and always of the same environments.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from memlearn.learning import prediction, structure
from memlearn.learning.returns import advantages, discounts
from memlearn.learning.rollout import begin, rollout
from memlearn.learning.state import TrainState, descend
from memlearn.types import TimeStep, UserError

LEAST_SPREAD = 0.1  # of advantages, relative to that of returns


class Terms(NamedTuple):
    """How much each term of the loss counts, and what bounds it.

    Attributes:
      clip: epsilon, how far an update may change the probability of an action, relative to what it
        was, or a value.
      value_weight: of the error of the values.
      entropy_weights: of the entropy, at the first update and at the last.
      balance_weight, write_price, slot_price: of the costs of structure.
      prediction_weight: of the error of predictions.
    """

    clip: float
    value_weight: float
    entropy_weights: tuple[float, float]
    balance_weight: float
    write_price: float
    slot_price: float
    prediction_weight: float = 0.0


class Moments(NamedTuple):
    """The mean m and the mean square q of returns, moving averages; float32 scalars.

    spread = sqrt(q - m^2)
    """

    mean: jax.Array
    square: jax.Array

    @property
    def spread(self):
        """The standard deviation of returns, not less than a hundredth."""
        return jnp.sqrt(jnp.maximum(self.square - jnp.square(self.mean), 1e-4))


@functools.partial(jax.jit, static_argnums=(0, 1, 2, 5))
def init(policy, optimizer, env, world, key, batch):
    """Return the `TrainState` before the first update.

    Args:
      policy, optimizer, env: that act, learn, and are acted in.
      world: params of the environment.
      key: random key, of parameters, of the first lifetimes, and of the run.
      batch: B, how many environments are acted in.
    """
    key_params, key_begin, key = jax.random.split(key, 3)
    actor = begin(env, policy, world, jax.random.split(key_begin, batch))
    steps = jax.vmap(env.timestep, in_axes=(0, None))(actor.lifetimes, world)
    steps = jax.tree.map(lambda x: x[:, None], steps)
    params = {"params": policy.init(key_params, actor.memory, steps)["params"]}
    moments = Moments(jnp.float32(0), jnp.float32(1))
    return TrainState(params, optimizer.init(params), key, jnp.int32(0), actor, moments)


class Lesson(NamedTuple):
    """What is to be learned of a window.

    Attributes:
      memory: states of the memories before the window, as it was lived.
      steps: `TimeStep`, arrays `[B, T, ...]`.
      actions: int32 `[B, T]`.
      log_probs: float32 `[B, T]`, of the actions, as they were taken.
      values: float32 `[B, T]`, as the policy said then.
      advantages: float32 `[B, T]`, in units of their spread, or of a tenth of that of returns.
      returns: float32 `[B, T]`, in units of the spread of returns, from their mean.
      keys: random keys `[B]`, of what is predicted.
    """

    memory: Any
    steps: TimeStep
    actions: jax.Array
    log_probs: jax.Array
    values: jax.Array
    advantages: jax.Array
    returns: jax.Array
    keys: jax.Array


def update(
    state, keys, world, *, policy, optimizer, env, curriculum, see, window, epochs, minibatches,
    within, across, decay, burn_in, inertia, predicts, updates, terms, chapters, axis_name=None,
):  # fmt: skip
    """Act for a window in every environment, and learn from it.

    Args:
      state: `TrainState`.
      keys: random keys `[B]`.
      world: params of the environment, before the curriculum.
      policy, optimizer, env: that act, learn, and are acted in.
      curriculum: function of the world and the step that returns the world as it is met then.
      see: function of random keys `[B]` and `TimeStep` that says how the steps are seen.
      window: T, its steps.
      epochs: how often each window is learned from.
      minibatches: in how many parts, of whole windows.
      within, across, decay: as of `returns.discounts` and `returns.advantages`.
      burn_in: steps of each window from which only memory is filled.
      inertia: how slowly the moments of returns move, in [0, 1).
      predicts: what is predicted, one of `prediction.KINDS`.
      updates: how many updates the whole run has.
      terms: `Terms`.
      chapters: how many lifetimes are lived as one, of which memory is kept.
      axis_name: the mapped axis over which environments are spread, if any.

    Returns:
      the new `TrainState`, and a dict of scalars.

    Raises:
      UserError: if the environments cannot be divided into minibatches.
    """
    if len(keys) % minibatches:  # by pmap, they are those of a device
        raise UserError(
            f"{len(keys)} lifetimes of a device cannot be divided into {minibatches} minibatches; "
            "see --config.ppo.minibatches, or set --config.parallel=jit"
        )
    world = curriculum(world, state.step)
    actor, lived = rollout(
        env, policy, state.params, world, state.actor, keys, window, see, chapters
    )
    gammas = discounts(lived.after, within, across)
    inertia = jnp.minimum(inertia, (state.step + 1) / (state.step + 2))  # a plain mean at first
    lesson, moments = prepare(lived, gammas, keys, decay, state.moments, inertia, axis_name)
    done = state.step / updates
    first, last = terms.entropy_weights
    loss = functools.partial(
        loss_fn, policy=policy, terms=terms, entropy_weight=first + (last - first) * done,
        burn_in=burn_in, predicts=predicts, axis_name=axis_name,
    )  # fmt: skip

    def learn(carry, part):
        gradient = jax.grad(functools.partial(loss, lesson=part), has_aux=True)
        params, opt_state, report = descend(*carry, optimizer, gradient, axis_name)
        return (params, opt_state), report

    def epoch(carry, _):
        return lax.scan(learn, carry, jax.tree.map(lambda x: _parts(x, minibatches), lesson))

    carry = state.params, state.opt_state
    (params, opt_state), reports = lax.scan(epoch, carry, length=epochs)
    report = jax.tree.map(jnp.mean, reports)
    report["score"] = structure.mean(lived.rewards, lived.steps.question, axis_name)
    return TrainState(params, opt_state, state.key, state.step + 1, actor, moments), report


def prepare(window, gammas, keys, decay, before, inertia, axis_name=None):
    """Return the `Lesson` of a window, and the `Moments` of returns with those of this one.

        V = m + spread v          what the policy says, v, is in units of the spread of returns
        A = GAE(r, V)             R = A + V
        m <- inertia m + (1 - inertia) mean R             and so q, with the mean of R^2
        A <- (A - mean A) / max(std A, LEAST_SPREAD spread)       over steps with a choice
        R <- (R - m) / spread                             with m and spread of before the window

    Args:
      window: `Window`, arrays `[B, T, ...]`.
      gammas: float32 `[B, T]`, discounts of the step after each step.
      keys: random keys `[B]`.
      decay: lambda of the advantages.
      before: `Moments` of the windows before.
      inertia: how slowly they move.
      axis_name: the mapped axis over which environments are spread, if any.

    Returns:
      a pair of `Lesson`, arrays `[B, T, ...]`, and `Moments`.

    Source: GAE, see `returns.advantages`; returns in units of their moments as in PopArt (van
    Hasselt et al., 2016), without its correction of the last layer, as they move slowly; advantages
    as by Huang et al., 2022, but for the floor.
    """
    values = before.mean + before.spread * window.values
    found = advantages(window.rewards, values, gammas, decay)
    returns = found + values[:, :-1]
    seen = jnp.mean(returns), jnp.mean(jnp.square(returns))
    seen = Moments(*structure.average(seen, axis_name))
    moments = jax.tree.map(lambda old, new: inertia * old + (1 - inertia) * new, before, seen)
    choice = window.steps.choices > 1
    mean = structure.mean(found, choice, axis_name)
    spread = jnp.sqrt(structure.mean(jnp.square(found - mean), choice, axis_name))
    # Once everything is done right, advantages are noise, and in their own units would undo it.
    spread = jnp.maximum(spread, LEAST_SPREAD * before.spread)
    return Lesson(
        *(window.memory, window.steps, window.actions, window.log_probs, window.values[:, :-1]),
        advantages=(found - mean) / spread,
        returns=(returns - before.mean) / before.spread,
        keys=jax.vmap(lambda key: jax.random.fold_in(key, 3))(keys),  # 0 to 2 are the rollout's
    ), moments


def loss_fn(params, lesson, policy, terms, entropy_weight, burn_in, predicts="", axis_name=None):
    """Compute the loss of some windows, and what to report of it.

        r      = p(a) / p_then(a)
        policy = -mean min(r A, clip(r, 1 - eps, 1 + eps) A)
        value  = 1/2 mean max((V - R)^2, (V_then + clip(V - V_then, -eps, eps) - R)^2)
        entropy = -mean sum_a p(a) log p(a)
        loss   = policy + value_weight * value - entropy_weight * entropy + structure
                 + prediction_weight * prediction

    Means over actions are of steps with a choice. Memory begins each window as it was when it was
    lived, and no gradient goes further back.

    Args:
      params: of the policy.
      lesson: `Lesson`.
      policy: a `MultimodalPolicy`.
      terms: `Terms`.
      entropy_weight: float scalar.
      burn_in: steps of each window from which memory is filled by these params, without a gradient.
      predicts: as of `update`.
      axis_name: the mapped axis over which windows are spread, if any.

    Returns:
      the loss, a scalar, and a dict of scalars: beside its terms how many ratios were `clipped`,
      and the `divergence` from the policy that acted, mean (r - 1 - log r).

    Source: the clipped gain is equation 7 of Schulman et al., 2017, the sum of terms its equation
    9, with its entropy; clipped values are of Huang et al., 2022; the divergence is the estimate k3
    of Schulman, 2020, "Approximating KL divergence".
    """
    memory, keys = lesson.memory, lesson.keys
    lesson = lesson._replace(memory=(), keys=())
    if burn_in:
        past = jax.tree.map(lambda x: x[:, :burn_in], lesson.steps)
        memory = lax.stop_gradient(policy.apply(params, memory, past)[0])
        lesson = jax.tree.map(lambda x: x[:, burn_in:], lesson)
    steps, then = lesson.steps, lesson.values
    (memory, output, _), sown = policy.apply(params, memory, steps, mutable=structure.SOWN)
    choice = steps.choices > 1
    log_p = jax.nn.log_softmax(output.logits)
    log_taken = jnp.take_along_axis(log_p, lesson.actions[..., None], axis=-1)[..., 0]
    ratio = jnp.exp(log_taken - lesson.log_probs)
    near = jnp.clip(ratio, 1 - terms.clip, 1 + terms.clip)
    gain = jnp.minimum(ratio * lesson.advantages, near * lesson.advantages)
    bounded = then + jnp.clip(output.value - then, -terms.clip, terms.clip)
    errors = jnp.square(output.value - lesson.returns), jnp.square(bounded - lesson.returns)
    entropy = -jnp.sum(jnp.exp(log_p) * log_p, axis=-1)

    def mean(x):
        return structure.mean(x, choice, axis_name)

    report = {
        "policy": -mean(gain),
        "value": 0.5 * structure.average(jnp.mean(jnp.maximum(*errors)), axis_name),
        "entropy": mean(entropy),
        "clipped": mean(1.0 * (ratio != near)),
        "divergence": mean(ratio - 1 - jnp.log(ratio)),
    }
    prices = terms.balance_weight, terms.write_price, terms.slot_price
    cost, structural = structure.costs(sown, *prices, axis_name)
    loss = report["policy"] + terms.value_weight * report["value"]
    loss += cost - entropy_weight * report["entropy"]
    if predicts:
        lived = memory, output, steps, keys
        report["prediction"] = prediction.loss(predicts, policy, params, *lived, axis_name)
        loss += terms.prediction_weight * report["prediction"]
    return loss, {"loss": loss, **report, **structural}


def _parts(x, minibatches):
    """Divide `[B, ...]` to `[minibatches, B / minibatches, ...]`, each device its own share.

    They are always of the same environments: what these live is new every time.
    """
    return jnp.moveaxis(x.reshape(-1, minibatches, *x.shape[1:]), 1, 0)
