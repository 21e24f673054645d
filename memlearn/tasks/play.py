"""Play lifetimes: a batch of environments and whoever acts in them, step by step."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from memlearn.types import EPISODE, LIFETIME, NONE, TimeStep


class Record(NamedTuple):
    """What happened in a batch of lifetimes.

    Attributes:
      steps: `TimeStep`, arrays `[B, T, ...]`.
      actions: int32 `[B, T]`.
      rewards: float32 `[B, T]`; of tasks of ours 1 where a question was answered right.
    """

    steps: TimeStep
    actions: jax.Array
    rewards: jax.Array


def reset(env, params, keys):
    """Return the states of new lifetimes, one for each of `keys` `[B]`."""
    return jax.vmap(lambda key: env.reset_env(key, params)[1])(keys)


def play(env, params, states, act, carry, length):
    """Let `act` live through the next `length` steps of each lifetime.

    Args:
      env: a `Lifetime`, or `Adapted`.
      params: its `LifetimeParams`, or `()`.
      states: its states, arrays `[B, ...]`.
      act: function of `(carry, steps)`, with `TimeStep` arrays `[B, 1, ...]`, that returns the next
        carry and the actions int32 `[B]`.
      carry: what `act` carries from step to step.
      length: T.

    Returns:
      the states after the last step, the carry, and the `Record`.
    """

    def body(loop, _):
        states, carry = loop
        steps = jax.vmap(env.timestep, in_axes=(0, None))(states, params)
        carry, actions = act(carry, jax.tree.map(lambda x: x[:, None], steps))
        advance = jax.vmap(lambda state, action: env.step_env(None, state, action, params)[1:3])
        states, rewards = advance(states, actions)
        return (states, carry), Record(steps, actions, rewards)

    (states, carry), record = lax.scan(body, (states, carry), length=length)
    return states, carry, jax.tree.map(lambda x: jnp.moveaxis(x, 0, 1), record)


def as_one(steps, chapters):
    """Put lifetimes one after another, of which memory is kept, as if they were one.

    What an image is called in an earlier chapter is no help in a later one, where it may come back.

    Args:
      steps: `TimeStep`, arrays `[B * chapters, T, ...]`.
      chapters: how many become one.

    Returns:
      `TimeStep`, arrays `[B, chapters * T, ...]`, in which only the first step begins a lifetime.
    """
    steps = jax.tree.map(lambda x: x.reshape(-1, chapters * x.shape[1], *x.shape[2:]), steps)
    return going_on(steps, jnp.arange(steps.boundary.shape[1]) > 0)


def going_on(steps, where):
    """Have lifetimes that begin where it says, bool, be episodes of the one before."""
    begins = steps.boundary == LIFETIME
    return steps._replace(boundary=jnp.where(begins & where, EPISODE, steps.boundary))


def number(boundaries):
    """Return in which episode of its lifetime each step is, from codes `[..., T]`."""
    return (boundaries != NONE).cumsum(-1) - 1


class TeacherState(NamedTuple):
    """What a teacher carries from step to step.

    Attributes:
      key: random key.
      tried: bool `[B, W, W]`; `tried[b, r, a]`: to a question whose right answer is r, a was
        answered in lifetime b.
    """

    key: jax.Array
    tried: jax.Array


def new_teacher(key, batch, words):
    """Return the `TeacherState` of new lifetimes.

    Args:
      key: random key.
      batch: B.
      words: W, as of the environment.
    """
    return TeacherState(key, jnp.zeros((batch, words, words), bool))


def teacher(trial_rate):
    """Return an `act` that gives the right answer, or now and then tries one.

    What is tried is any answer, the right one too, that was not given yet where the same one is
    right: no error is made twice. It shows a learner what it will see once it answers, and errs,
    for itself, and what there is to learn from trying. The carry is `TeacherState`.

    Args:
      trial_rate: how often it tries, float or float32 scalar in [0, 1].
    """

    def act(carry, steps):
        key, key_trial, key_word = jax.random.split(carry.key, 3)
        lifetimes, oracle = jnp.arange(steps.oracle.shape[0]), steps.oracle[:, 0]
        words = jnp.arange(carry.tried.shape[-1])
        untried = (words < steps.choices) & ~carry.tried[lifetimes, oracle]
        word = jax.random.categorical(key_word, jnp.where(untried, 0.0, -jnp.inf))
        tries = jax.random.bernoulli(key_trial, trial_rate, oracle.shape) & untried.any(-1)
        action = jnp.where(tries, word, oracle)
        answered = (words == action[:, None]) & steps.question
        return TeacherState(key, carry.tried.at[lifetimes, oracle].max(answered)), action

    return act


def student(policy, params):
    """Return an `act` that takes the policy's likeliest word. The carry is its memory's state."""

    def act(state, steps):
        state, output, _ = policy.apply(params, state, steps)
        return state, jnp.argmax(output.logits[:, 0], axis=-1)

    return act
