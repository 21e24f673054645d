"""Rollout: a policy acts in a batch of environments, lifetime after lifetime, window by window."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from memlearn.tasks.play import going_on, reset
from memlearn.types import TimeStep

FRESH = 32  # steps


class Actor(NamedTuple):
    """Where the actors of a batch of environments stand, between two windows.

    Attributes:
      lifetimes: states of the environments, arrays `[B, ...]`.
      memory: states of the policy's memories.
      chapter: int32 `[B]`, which of the lifetimes that are lived as one it is, from 0.
    """

    lifetimes: Any
    memory: Any
    chapter: jax.Array


class Window(NamedTuple):
    """What was lived in a window of T steps, and what the policy thought of it then.

    Attributes:
      memory: states of the memories before the window.
      steps: `TimeStep`, arrays `[B, T, ...]`.
      actions: int32 `[B, T]`.
      log_probs: float32 `[B, T]`, of the actions.
      values: float32 `[B, T + 1]`, of each step, and of the one after the window.
      rewards: float32 `[B, T]`.
      after: int32 `[B, T]`, the boundary code of the step after each step.
    """

    memory: Any
    steps: TimeStep
    actions: jax.Array
    log_probs: jax.Array
    values: jax.Array
    rewards: jax.Array
    after: jax.Array


def begin(env, policy, world, keys):
    """Return the `Actor` of new lifetimes, one for each of `keys` `[B]`."""
    batch = keys.shape[0]
    return Actor(reset(env, world, keys), policy.initial_state(batch), jnp.zeros(batch, jnp.int32))


def rollout(env, policy, params, world, actor, keys, length, see, chapters=1):
    """Act for the next `length` steps; a lifetime that ends is followed by a new one.

    New lifetimes are drawn at first and every `FRESH` steps, since to begin one can cost far more
    than to live a step: of an environment, all that begin between two of these are the same. Where
    several are lived as one each is another, and they are drawn whenever one is over.

    Args:
      env, world: the environment, and its params.
      policy: a `MultimodalPolicy`.
      params: its parameters.
      actor: `Actor`.
      keys: random keys `[B]`.
      length: T.
      see: function of random keys `[B]` and `TimeStep` `[B, 1, ...]` that says how steps are seen.
      chapters: how many lifetimes are lived as one, of which memory is kept.

    Returns:
      the `Actor` after the window, and the `Window`.
    """
    keys_new, keys_act, keys_see = jax.vmap(lambda key: jax.random.split(key, 3), out_axes=1)(keys)

    def draw(time):
        return reset(env, world, jax.vmap(jax.random.fold_in, (0, None))(keys_new, time))

    def look(actor, time):
        steps = jax.vmap(env.timestep, in_axes=(0, None))(actor.lifetimes, world)
        steps = going_on(steps, actor.chapter > 0)
        keys = jax.vmap(jax.random.fold_in, in_axes=(0, None))(keys_see, time)
        return see(keys, jax.tree.map(lambda x: x[:, None], steps))

    def think(memory, steps):
        memory, output, _ = policy.apply(params, memory, steps)
        return memory, jax.nn.log_softmax(output.logits[:, 0]), output.value[:, 0]

    def act(carry, time):
        actor, new = carry
        steps = look(actor, time)
        memory, log_probs, values = think(actor.memory, steps)
        actions = jax.vmap(lambda key, p: jax.random.categorical(jax.random.fold_in(key, time), p))(
            keys_act, log_probs
        )
        chosen = jnp.take_along_axis(log_probs, actions[:, None], axis=-1)[:, 0]
        advance = jax.vmap(lambda state, action: env.step_env(None, state, action, world)[1:3])
        lifetimes, rewards = advance(actor.lifetimes, actions)
        over = jax.vmap(env.is_truncated, in_axes=(0, None))(lifetimes, world)
        lifetimes = jax.tree.map(lambda x, y: _where(over, x, y), new, lifetimes)
        due = over.any() if chapters > 1 else time % FRESH == FRESH - 1
        due &= time < length - 1  # the next window draws for itself
        new = lax.cond(due, draw, lambda time: new, time)
        chapter = (actor.chapter + over) % chapters
        lived = steps, actions, chosen, values, rewards
        return (Actor(lifetimes, memory, chapter), new), lived

    (after, _), lived = lax.scan(act, (actor, draw(length)), jnp.arange(length))
    steps, *lived = jax.tree.map(lambda x: jnp.moveaxis(x, 0, 1), lived)
    steps = jax.tree.map(lambda x: x[:, :, 0], steps)
    actions, log_probs, values, rewards = lived
    following = look(after, length)
    values = jnp.append(values, think(after.memory, following)[2][:, None], axis=1)
    boundaries = jnp.append(steps.boundary[:, 1:], following.boundary, axis=1)
    return after, Window(actor.memory, steps, actions, log_probs, values, rewards, boundaries)


def _where(condition, x, y):
    """Choose between `[B, ...]` by a condition `[B]`."""
    return jnp.where(condition.reshape(-1, *[1] * (x.ndim - 1)), x, y)
