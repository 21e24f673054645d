"""Episodes: what an agent wins in environments of others, one episode after the other."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from memlearn.evaluation.retrieval import interval
from memlearn.tasks.play import number, play, reset, student
from memlearn.types import LIFETIME

WHO = "agent", "forgetful", "random"  # who acts


class Score(NamedTuple):
    """The sum of rewards of an episode.

    Attributes:
      score: mean over lifetimes.
      low, high: its 95 % interval, from a bootstrap over lifetimes.
      empty: the mean of an agent that remembers nothing from one step to the next.
      chance: the mean of whoever acts at random.
    """

    score: float
    low: float
    high: float
    empty: float
    chance: float


def scores(env, policy, params, keys):
    """Return the `Score` of the episodes that count, by name.

    Args:
      env: `Adapted`.
      policy: a `MultimodalPolicy`.
      params: its parameters.
      keys: random keys `[B]`, a lifetime each.

    Returns:
      dict of `all` episodes and, where a lifetime has several, the `first` and the `last`.
    """
    found = [np.asarray(returns(env, policy, params, keys, who)) for who in WHO]
    parts = {"all": slice(None)}
    if env.episodes > 1:
        parts |= {"first": slice(1), "last": slice(env.episodes - 1, None)}
    table = {}
    for name, part in parts.items():
        agent, *controls = (x[:, part].mean(axis=1) for x in found)
        table[name] = Score(
            float(agent.mean()), *interval(agent), *(float(x.mean()) for x in controls)
        )
    return table


@functools.partial(jax.jit, static_argnums=(0, 1, 4))
def returns(env, policy, params, keys, who="agent"):
    """Live through a lifetime each; return the sum of rewards of every episode, `[B, episodes]`.

    Args:
      env, policy, params, keys: as of `scores`.
      who: one of `WHO`.
    """
    answer = student(policy, params)

    def act(carry, steps):
        memory, time = carry
        if who == "random":
            logits = jnp.where(jnp.arange(policy.words) < env.words, 0.0, -jnp.inf)
            key = jax.random.fold_in(jax.random.key(5), time)
            return (memory, time + 1), jax.random.categorical(key, logits, shape=keys.shape)
        if who == "forgetful":
            steps = steps._replace(boundary=jnp.full_like(steps.boundary, LIFETIME))
        memory, actions = answer(memory, steps)
        return (memory, time + 1), actions

    carry = policy.initial_state(keys.shape[0]), jnp.int32(0)
    record = play(env, (), reset(env, (), keys), act, carry, env.length)[2]
    # Lifetimes that are over early go on, and what is won then has no part in this.
    each = jax.nn.one_hot(number(record.steps.boundary), env.episodes)
    return jnp.sum(each * record.rewards[..., None], axis=1)


def validation(env, policy, lifetimes):
    """Return a function from params to the mean over all episodes of a fixed set of lifetimes."""
    keys = jax.random.split(jax.random.key(1), lifetimes)
    return lambda params: returns(env, policy, params, keys).mean()
