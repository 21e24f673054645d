"""Update, then retrieve: experience fills a memory; another process asks it questions.

Two controls stand beside every score. *Empty*: the questions begin a new lifetime, so that nothing
is remembered. *Other*: the questions are asked of the memory of another lifetime.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats

from memlearn.tasks.play import number, play, reset, student
from memlearn.types import LIFETIME


class Score(NamedTuple):
    """Questions answered right, as a fraction.

    Attributes:
      score: mean over lifetimes.
      low, high: its 95 % interval, from a bootstrap over lifetimes.
      empty: the mean with an empty memory.
      other: the mean with the memory of another lifetime.
      chance: the mean of guessing.
      first: the mean in the first episode that asks; None where the last one alone does.
    """

    score: float
    low: float
    high: float
    empty: float
    other: float
    chance: float
    first: float | None = None


class Experience(NamedTuple):
    """What is left of everything before the questions.

    Attributes:
      memory: the states of the agent's memories.
      action: int32 `[B]`, the last action, which is perceived if it was an answer.
      reward: float32 `[B]`, what it was given for it.
      first: float32 `[B]`, how much was answered right in the first episode that asked; NaN if none
        did.
    """

    memory: Any
    action: jax.Array
    reward: jax.Array
    first: jax.Array


def nothing(policy, lifetimes):
    """Return the `Experience` of lifetimes that have not begun."""
    shape = (lifetimes,)
    memory = policy.initial_state(lifetimes)
    return Experience(memory, jnp.zeros(shape, int), jnp.zeros(shape), jnp.full(shape, jnp.nan))


@functools.partial(jax.jit, static_argnums=(0, 1))
def experience(env, policy, params, world, keys, share=1.0):
    """Live through everything before the questions; return the `Experience`.

    Args:
      env: a `Lifetime`.
      policy: a `MultimodalPolicy`.
      params: its parameters.
      world: `LifetimeParams`.
      keys: random keys `[B]`, one a lifetime.
      share: of the slots of each bank, how much may be used.
    """
    memory = policy.initial_state(keys.shape[0], share)
    act, lifetimes = student(policy, params), reset(env, world, keys)
    lifetimes, memory, record = play(env, world, lifetimes, act, memory, env.last_episode)
    return Experience(memory, lifetimes.action, lifetimes.reward, _first(record))


def _first(record):
    """How much was answered right in the first episode that asked."""
    asked, episode = record.steps.question, number(record.steps.boundary)
    first = jnp.min(jnp.where(asked, episode, episode.max() + 1), axis=1, keepdims=True)
    asked &= episode == first
    return jnp.sum(record.rewards * asked, axis=1) / jnp.sum(asked, axis=1)


@functools.partial(jax.jit, static_argnums=(0, 1))
def answers(env, policy, params, world, keys, lived, forget):
    """Answer the questions of lifetimes, after what was lived.

    Args:
      env, policy, params, world, keys: as for `experience`.
      lived: what `experience` returned for the same keys.
      forget: whether a new lifetime starts with the questions.

    Returns:
      the fraction of right answers in each lifetime, and what guessing gives, floats `[B]`.
    """
    answer = student(policy, params)

    def act(carry, steps):
        memory, first = carry
        start = jnp.where(first & forget, LIFETIME, steps.boundary)
        memory, actions = answer(memory, steps._replace(boundary=start))
        return (memory, jnp.bool_(False)), actions

    lifetimes = reset(env, world, keys)
    last = jnp.full_like(lifetimes.time, env.last_episode)
    lifetimes = lifetimes._replace(time=last, action=lived.action, reward=lived.reward)
    remaining = env.length - env.last_episode
    record = play(env, world, lifetimes, act, (lived.memory, jnp.bool_(True)), remaining)[2]
    question = record.steps.question
    guessed = jnp.where(question, 1 / record.steps.choices, 0)
    return record.rewards.sum(1) / question.sum(1), guessed.sum(1) / question.sum(1)


@functools.partial(jax.jit, static_argnums=(0, 1))
def watch(env, policy, params, world, keys):
    """Live through whole lifetimes, and look back at them.

    Args:
      env, policy, params, world, keys: as for `experience`.

    Returns:
      the `Record`, arrays `[B, T, ...]`, and the trace of every layer of memory.
    """
    memory = policy.initial_state(keys.shape[0])
    act, lifetimes = student(policy, params), reset(env, world, keys)
    record = play(env, world, lifetimes, act, memory, env.length)[2]
    return record, policy.apply(params, memory, record.steps, trace=True)[2]


def score(env, policy, params, world, keys, lived):
    """Return the `Score` of what was lived, and its controls; arguments as for `answers`."""
    ask = functools.partial(answers, env, policy, params, world, keys)
    memory = jax.tree.map(lambda x: jnp.roll(x, 1, axis=0), lived.memory)
    another = lived._replace(memory=memory)
    right, guessed = map(np.asarray, ask(lived, forget=False))
    low, high = interval(right)
    return Score(
        score=float(right.mean()),
        low=low,
        high=high,
        empty=float(ask(lived, forget=True)[0].mean()),
        other=float(ask(another, forget=False)[0].mean()),
        chance=float(guessed.mean()),
        first=None if jnp.isnan(lived.first).any() else float(lived.first.mean()),
    )


def interval(scores):
    """Return the 95 % bootstrap interval of the mean of `scores` `[B]`, as two floats."""
    if np.ptp(scores) == 0:
        return float(scores[0]), float(scores[0])
    found = stats.bootstrap((scores,), np.mean, method="percentile", rng=0).confidence_interval
    return float(found.low), float(found.high)


def validation(env, policy, world, keys):
    """Return a function from params to the mean score on lifetimes of random keys `[B]`."""

    def validate(params):
        lived = experience(env, policy, params, world, keys)
        return answers(env, policy, params, world, keys, lived, forget=False)[0].mean()

    return validate
