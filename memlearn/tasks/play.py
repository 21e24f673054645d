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


def teacher(error_rate):
    """Return an `act` that gives the right answer, or with `error_rate` any that can be chosen.

    The errors show a learner what it will see once it answers, and errs, for itself, and what there
    is to learn from trying. The carry is a random key.
    """

    def act(key, steps):
        key, key_error, key_word = jax.random.split(key, 3)
        oracle = steps.oracle[:, 0]
        tried = jax.random.randint(key_word, oracle.shape, 0, steps.choices[:, 0])
        errs = jax.random.bernoulli(key_error, error_rate, oracle.shape)
        return key, jnp.where(errs, tried, oracle)

    return act


def student(policy, params):
    """Return an `act` that takes the policy's likeliest word. The carry is its memory's state."""

    def act(state, steps):
        state, output, _ = policy.apply(params, state, steps)
        return state, jnp.argmax(output.logits[:, 0], axis=-1)

    return act
