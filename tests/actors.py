"""Agents of several memories that acted in a small world, for tests that learn from it."""

import functools

import jax
import optax

from memlearn import build
from memlearn.learning import ppo
from memlearn.learning.rollout import rollout
from tests.worlds import small_config, small_world

BATCH = 16
# What is not a kind of memory by itself.
MEMORIES = {
    "clock": {"memory.addressing": "clock", "memory.layers": 2},
    "count": {"memory.count": "learned"},
    "knowledge": {"memory.knowledge": 4},
}


@functools.cache
def begun(memory="learned", task="binding"):
    """An environment, a policy, a world, and the actors of a batch of lifetimes."""
    config = small_config()
    config.task = task
    config.update_from_flattened_dict(MEMORIES.get(memory, {"memory.kind": memory}))
    env, policy, world = build.environment(config), build.policy(config), small_world(config)
    state = ppo.init(policy, optax.sgd(1e-2), env, world, jax.random.key(0), BATCH)
    return env, policy, world, state


def as_it_is(keys, steps):
    """See things as they are."""
    return steps


def keys(step):
    return jax.random.split(jax.random.fold_in(jax.random.key(1), step), BATCH)


@functools.cache
def lived(memory="learned", length=5):
    """Two windows in a row."""
    env, policy, world, state = begun(memory)
    act = jax.jit(rollout, static_argnums=(0, 1, 6, 7))
    actor, first = act(env, policy, state.params, world, state.actor, keys(0), length, as_it_is)
    _, second = act(env, policy, state.params, world, actor, keys(1), length, as_it_is)
    return first, second
