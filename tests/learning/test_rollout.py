"""Rollout: what windows carry from one to the next, and acting against learning."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from memlearn import memories
from memlearn.learning import ppo
from memlearn.learning.rollout import FRESH, begin, rollout
from memlearn.memory.fixed import memax
from memlearn.tasks.adapters import Adapted, Foreign
from memlearn.types import EPISODE, LIFETIME
from tests.actors import BATCH, MEMORIES, as_it_is, begun, keys, lived
from tests.slow import slow_values

FIRST = "learned", "clock", "store", "gru"
OTHERS = sorted({*MEMORIES, *memories.MEMORIES} - {*FIRST, *memax.KINDS})


def test_windows_follow_one_another_and_so_do_lifetimes():
    env, *_ = begun()
    first, second = lived(length=5)
    assert env.length == 7
    boundaries = np.append(first.steps.boundary, second.steps.boundary, axis=1)
    assert np.all((boundaries == LIFETIME) == (np.arange(10) % 7 == 0))
    np.testing.assert_array_equal(
        np.append(first.after, second.after, axis=1)[:, :-1], boundaries[:, 1:]
    )
    np.testing.assert_allclose(first.values[:, -1], second.values[:, 0], atol=1e-5)
    right = (first.actions == first.steps.oracle) & first.steps.question
    np.testing.assert_array_equal(first.rewards, right)


def test_chapters_are_one_life():
    """Memory is emptied where a life begins, and there alone."""
    env, policy, world, state = begun("gru")
    act = jax.jit(rollout, static_argnums=(0, 1, 6, 7, 8))
    length = 3 * env.length
    start = env, policy, state.params, world, state.actor, keys(0), length, as_it_is
    actor, window = act(*start, 2)
    begins = window.steps.boundary[:, :: env.length]
    np.testing.assert_array_equal(begins, [[LIFETIME, EPISODE, LIFETIME]] * BATCH)
    np.testing.assert_array_equal(actor.chapter, 1)
    assert np.all((window.steps.boundary == LIFETIME).sum(1) == 2)
    lives = np.array(window.steps.observation["image"]).reshape(BATCH * 3, -1)
    assert len(np.unique(lives, axis=0)) == BATCH * 3, "each is another"
    # At the end of the second, what is thought is what comes of both, and not of it alone.
    end = 2 * env.length
    both, alone = (
        policy.apply(
            state.params, policy.initial_state(BATCH),
            jax.tree.map(lambda x, begin=begin: x[:, begin:end], window.steps),
        )[1].value[:, -1]
        for begin in (0, env.length)
    )  # fmt: skip
    np.testing.assert_allclose(both, window.values[:, end - 1], atol=2e-5)
    assert np.abs(alone - both).max() > 1e-4


def test_lifetimes_that_end_early_are_followed_by_others():
    """Of those that end at every step, each `FRESH` steps begin alike, and no more."""
    foreign = Foreign(
        reset=lambda key: (jax.random.uniform(key),) * 2,
        step=lambda key, state, action: (state, state, 0.0, True),
        perceive=lambda seen: {"vector": seen[None]}, actions=3, most=1,
    )  # fmt: skip
    policy, env = begun()[1], Adapted(foreign, episodes=1)
    state = ppo.init(policy, optax.sgd(1e-2), env, (), jax.random.key(0), BATCH)
    act = jax.jit(rollout, static_argnums=(0, 1, 6, 7))
    _, window = act(env, policy, state.params, (), state.actor, keys(0), 2 * FRESH + 1, as_it_is)
    assert (window.steps.boundary == LIFETIME).all()
    for seen in np.asarray(window.steps.observation["vector"][..., 0]):
        assert len(set(seen)) == 3 and len(set(seen[1 : FRESH + 1])) == 1


@pytest.mark.parametrize(
    "memory",
    [*FIRST, *slow_values(*OTHERS, *memax.KINDS)],
)
def test_what_is_learned_from_is_what_was_done(memory):
    """Log-probabilities and values of whole windows are those of acting step by step."""
    if memory in memax.KINDS:
        pytest.importorskip("memax", reason="memax is not installed")
    _, policy, _, state = begun(memory)
    for window in lived(memory):
        apply = jax.jit(policy.apply)
        _, output, _ = apply(state.params, window.memory, window.steps)
        log_p = jax.nn.log_softmax(output.logits)
        taken = jnp.take_along_axis(log_p, window.actions[..., None], axis=-1)[..., 0]
        np.testing.assert_allclose(taken, window.log_probs, atol=2e-5)
        np.testing.assert_allclose(output.value, window.values[:, :-1], atol=2e-5)


def test_new_lifetimes_begin_with_a_boundary():
    env, policy, world, _ = begun()
    actor = begin(env, policy, world, keys(5))
    steps = jax.vmap(env.timestep, in_axes=(0, None))(actor.lifetimes, world)
    assert np.all(steps.boundary == LIFETIME)
