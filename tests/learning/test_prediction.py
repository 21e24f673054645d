"""Prediction: what is asked for, and what learns from it."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from memlearn import build
from memlearn.learning import ppo, prediction
from memlearn.learning.rollout import rollout
from memlearn.types import LIFETIME, NONE
from tests.worlds import small_config, small_world

BATCH, LENGTH = 4, 10


@functools.cache
def lived():
    """A policy that predicts, its params, and a window in which lifetimes of 7 steps end."""
    config = small_config()
    config.learner, config.ppo.predicts = "ppo", "past"
    config.memory.kind = "gru"  # compiles in less time
    env, policy, world = build.environment(config), build.policy(config), small_world(config)
    state = ppo.init(policy, optax.sgd(1e-2), env, world, jax.random.key(0), BATCH)
    keys = jax.random.split(jax.random.key(1), BATCH)
    act = jax.jit(rollout, static_argnums=(0, 1, 6, 7))
    look = lambda keys, steps: steps  # noqa: E731
    window = act(env, policy, state.params, world, state.actor, keys, LENGTH, look)[1]
    memory, output, _ = jax.jit(policy.apply)(state.params, window.memory, window.steps)
    return policy, state.params, window, memory, output


def loss(kind):
    """As `prediction.loss`, compiled for the policy."""
    return jax.jit(functools.partial(prediction.loss, kind, lived()[0]))


def test_what_comes_next_is_asked_for_within_a_lifetime():
    _, params, window, memory, output = lived()
    found = loss("next")(params, memory, output, window.steps, None)
    boundary, present = np.asarray(window.steps.boundary), np.asarray(output.event.present)
    told, meant = np.asarray(output.predictions), np.asarray(output.event.embeddings)
    errors = [
        np.square(told[b, t - 1, m] - meant[b, t, m]).mean() / 2
        for b, t, m in np.ndindex(present.shape)
        if t and boundary[b, t] != LIFETIME and present[b, t, m]
    ]
    assert (boundary[:, 7] == LIFETIME).all() and 0 < len(errors) < present.size
    assert float(found) == pytest.approx(np.mean(errors), rel=1e-5)


def test_events_of_the_present_lifetime_are_met_again_but_for_one_modality():
    policy, _, window, _, output = lived()
    seen, steps = set(), window.steps
    rehearse = jax.jit(functools.partial(prediction.rehearsal, policy))
    for seed in range(20):
        keys = jax.random.split(jax.random.key(seed), BATCH)
        times, hidden, again = rehearse(output.event, steps, keys)
        assert times.shape == (BATCH, prediction.REHEARSED) and (again.boundary == NONE).all()
        assert (times >= 7).all(), "a lifetime begins at step 7"
        seen |= set(np.asarray(times).ravel())
        assert (hidden.sum(-1) == 1).all()
        for b, r in np.ndindex(times.shape):
            t, (m,) = times[b, r], np.flatnonzero(hidden[b, r])
            assert output.event.present[b, t, m], "what is hidden was perceived"
            for name, there in again.present.items():
                shown = steps.present[name][b, t] and name != list(policy.encoder.encoders)[m]
                assert there[b, r] == shown
                np.testing.assert_array_equal(
                    again.observation[name][b, r], steps.observation[name][b, t]
                )
    assert seen == {7, 8, 9}


@pytest.mark.parametrize("kind", ["next", "past"])
def test_no_gradient_makes_targets_easier(kind):
    """Only by what is said, and so by memory for what is past, does the error become smaller."""
    policy, params, window, memory, output = lived()
    keys = jax.random.split(jax.random.key(5), BATCH)

    def error(embeddings, predictions):
        event = output.event._replace(embeddings=embeddings)
        told = output._replace(event=event, predictions=predictions)
        return loss(kind)(params, memory, told, window.steps, keys)

    grads = jax.jit(jax.grad(error, argnums=(0, 1)))(output.event.embeddings, output.predictions)
    assert not np.any(grads[0]) and np.any(grads[1]) == (kind == "next")

    def of_params(params):
        after, said, _ = policy.apply(params, window.memory, window.steps)
        return loss(kind)(params, after, said, window.steps, keys)

    grads = jax.jit(jax.grad(of_params))(params)["params"]
    assert all(np.any(x) for x in jax.tree.leaves(grads["predictions"]))
    assert any(np.any(x) for x in jax.tree.leaves(grads["memories_0"]))
    assert not any(np.any(x) for x in jax.tree.leaves(grads["words"]))


def test_the_loss_of_ppo_has_it_by_its_weight():
    policy, params, window, memory, output = lived()
    keys = jax.random.split(jax.random.key(6), BATCH)
    gammas = ppo.discounts(window.after, 0.9, 1.0)
    moments = ppo.Moments(jnp.float32(0), jnp.float32(1))
    lesson = ppo.prepare(window, gammas, keys, 0.9, moments, 0.9)[0]
    terms = ppo.Terms(0.2, 0.5, (0.0, 0.0), 0.0, 0.0, 0.0, prediction_weight=0.3)
    told = dict(policy=policy, terms=terms, entropy_weight=0.0, burn_in=0)
    whole = functools.partial(ppo.loss_fn, **told)
    plain, _ = jax.jit(whole)(params, lesson)
    for kind in ("next", "past"):
        total, report = jax.jit(functools.partial(whole, predicts=kind))(params, lesson)
        alone = loss(kind)(params, memory, output, window.steps, lesson.keys)
        assert float(report["prediction"]) == pytest.approx(float(alone), rel=1e-5)
        assert float(total) == pytest.approx(float(plain + 0.3 * report["prediction"]), rel=1e-5)
