"""Environments of others, as lifetimes of several episodes of the same instance.

Where instances differ, be it by a maze or by where the reward is, and all episodes of a lifetime
are of the same one, what is found out in an episode pays in the next.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from gymnax.environments.environment import Environment

from memlearn.types import EPISODE, LIFETIME, NONE, SIDE, TimeStep, UserError


class Foreign(NamedTuple):
    """What is needed of an environment; whatever its own interface is, this is adapted to it.

    Attributes:
      reset: function of a random key that returns an observation and a state.
      step: function of a random key, a state and an action, int32, that returns an observation, a
        state, the reward, and whether the episode is over.
      perceive: function of an observation that returns what is perceived, by modality: `image`,
        uint8 `[height, width, 3]`, sides multiples of `SIDE`; `vector`, float32 `[P]`; or both.
      actions: W, how many there are.
      most: steps of an episode, at most.
      again: function of a random key and the state that a lifetime began with that returns an
        observation and a state: another beginning of the same instance, for the next episode. It
        is called at every step, whether or not an episode ends. None if every episode begins with
        that very state.
    """

    reset: Callable
    step: Callable
    perceive: Callable
    actions: int
    most: int
    again: Callable | None = None


class AdaptedState(NamedTuple):
    """Where a lifetime stands.

    Attributes:
      key: random key, of what will happen by chance.
      start: the observation and the state that the first episode began with.
      observation: the present one.
      inner: the present state of the environment.
      episode: int32, how many episodes are over.
      boundary: int32, what begins with the present step.
      action: int32, the action of the step before.
      reward: float32, the reward of the step before.
    """

    key: jax.Array
    start: Any
    observation: Any
    inner: Any
    episode: jax.Array
    boundary: jax.Array
    action: jax.Array
    reward: jax.Array


class Adapted(Environment):
    """Plays lifetimes of another environment; to a learner it is as a `Lifetime` of our own tasks.

    What all its episodes have in common is the instance; see `Foreign.again`.

    Args:
      foreign: `Foreign`.
      episodes: how many make a lifetime.

    Attributes:
      words: W, the number of actions.
      length: T, steps of a lifetime, at most.
      modalities: the names of what is perceived.

    Raises:
      UserError: if images cannot be divided into the cells that the encoder sees.
    """

    def __init__(self, foreign: Foreign, episodes: int):
        self.foreign, self.episodes = foreign, episodes
        self.words, self.length = foreign.actions, episodes * foreign.most
        perceived = jax.eval_shape(self.reset_env, jax.random.key(0), ())[0]
        self.modalities = (*perceived, "action", "reward")
        if "image" in perceived and any(side % SIDE for side in perceived["image"].shape[:2]):
            shape = perceived["image"].shape
            raise UserError(f"sides of images must be multiples of {SIDE}; these are {shape}")

    def reset_env(self, key, params):
        key_start, key = jax.random.split(key)
        start = jax.tree.map(jnp.asarray, self.foreign.reset(key_start))
        state = AdaptedState(
            key, start, *start, jnp.int32(0), jnp.int32(LIFETIME), jnp.int32(0), jnp.float32(0)
        )
        return self.foreign.perceive(state.observation), state

    def step_env(self, key, state, action, params):
        key, key_step = jax.random.split(state.key)
        *after, reward, over = self.foreign.step(key_step, state.inner, action)
        begun = state.start
        if self.foreign.again:
            begun = self.foreign.again(jax.random.fold_in(state.key, 2), state.start[1])
        # Dtypes are those of the start: environments are not always strict about them.
        observation, inner = jax.tree.map(
            lambda start, x, y: jnp.where(over, jnp.asarray(x, start.dtype), y.astype(start.dtype)),
            state.start, begun, jax.tree.map(jnp.asarray, tuple(after)),
        )  # fmt: skip
        state = AdaptedState(
            key, state.start, observation, inner, state.episode + over,
            boundary=jnp.where(over, EPISODE, NONE).astype(jnp.int32),
            action=action.astype(jnp.int32), reward=jnp.float32(reward),
        )  # fmt: skip
        return self.foreign.perceive(observation), state, state.reward, jnp.bool_(False), {}

    def timestep(self, state, params) -> TimeStep:
        """Return the present step: every one is a question, and nobody knows the answer."""
        observation = self.foreign.perceive(state.observation)
        present = dict.fromkeys(observation, jnp.bool_(True))
        before = dict.fromkeys(("action", "reward"), state.boundary != LIFETIME)
        return TimeStep(
            observation={**observation, "action": state.action, "reward": state.reward},
            present={**present, **before},
            boundary=state.boundary, question=jnp.bool_(True), oracle=jnp.int32(0),
            choices=jnp.int32(self.words),
        )  # fmt: skip

    def is_truncated(self, state, params):
        return state.episode >= self.episodes


def of_gymnax(env, params, perceive=None):
    """Return the `Foreign` of an environment that follows gymnax 1.0.

    Args:
      env: a gymnax `Environment` with discrete actions.
      params: its parameters.
      perceive: as of `Foreign`; None for all numbers of an observation, in one vector.
    """

    def step(key, state, action):
        observation, state, reward, terminated, _ = env.step_env(key, state, action, params)
        return observation, state, reward, terminated | env.is_truncated(state, params)

    return Foreign(
        reset=lambda key: env.reset_env(key, params), step=step, perceive=perceive or as_vector,
        actions=env.num_actions, most=int(params.max_steps_in_episode),
    )  # fmt: skip


def of_old_gymnax(env, params, perceive, actions, most):
    """Return the `Foreign` of an environment that follows gymnax before 1.0.

    There a step returns five values, and says by itself that time is up.

    Args:
      env: has `reset_env` and `step_env`, as gymnax calls what does not reset by itself.
      params: its parameters.
      perceive, actions, most: as of `Foreign`.
    """
    return Foreign(
        reset=lambda key: env.reset_env(key, params),
        step=lambda key, state, action: env.step_env(key, state, action, params)[:4],
        perceive=perceive, actions=actions, most=most,
    )  # fmt: skip


def as_vector(observation):
    """Return all numbers of an observation, a pytree of arrays, as one vector."""
    numbers = [jnp.ravel(x).astype(jnp.float32) for x in jax.tree.leaves(observation)]
    return {"vector": jnp.concatenate(numbers)}
