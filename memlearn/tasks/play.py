"""Play lifetimes: a batch of environments and whoever acts in them, step by step."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from memlearn.types import TimeStep


class Record(NamedTuple):
    """What happened in a batch of lifetimes.

    Attributes:
      steps: `TimeStep`, arrays `[B, T, ...]`.
      actions: int32 `[B, T]`.
      rewards: float32 `[B, T]`, 1 where a question was answered right.
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
      env: a `Lifetime`.
      params: its `LifetimeParams`.
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


class Taught(NamedTuple):
    """What a teacher carries from step to step.

    Attributes:
      key: random key.
      tried: bool `[B, W, W]`, what was answered so far where each of the words was right.
    """

    key: jax.Array
    tried: jax.Array


def taught(key, batch, words):
    """Return what a teacher carries into new lifetimes."""
    return Taught(key, jnp.zeros((batch, words, words), bool))


def teacher(error_rate):
    """Return an `act` that gives the right answer, or at `error_rate` one that was not yet tried.

    The errors show a learner what it will see once it answers, and errs, for itself, and what there
    is to learn from trying: no error is made twice where the same answer is right. The carry is
    `Taught`.
    """

    def act(carry, steps):
        key, key_error, key_word = jax.random.split(carry.key, 3)
        lifetimes, oracle = jnp.arange(steps.oracle.shape[0]), steps.oracle[:, 0]
        words = jnp.arange(carry.tried.shape[-1])
        untried = (words < steps.choices) & ~carry.tried[lifetimes, oracle]
        word = jax.random.categorical(key_word, jnp.where(untried, 0.0, -jnp.inf))
        errs = jax.random.bernoulli(key_error, error_rate, oracle.shape) & untried.any(-1)
        action = jnp.where(errs, word, oracle)
        answered = (words == action[:, None]) & steps.question
        return Taught(key, carry.tried.at[lifetimes, oracle].max(answered)), action

    return act


def student(policy, params):
    """Return an `act` that takes the policy's likeliest word. The carry is its memory's state."""

    def act(state, steps):
        state, output, _ = policy.apply(params, state, steps)
        return state, jnp.argmax(output.logits[:, 0], axis=-1)

    return act
