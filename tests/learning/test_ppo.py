"""PPO: the loss by hand, what is learned, and on how many devices."""

import functools
from types import SimpleNamespace

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from memlearn import build
from memlearn.learning import ppo
from memlearn.policy import Output
from memlearn.tasks.adapters import Adapted, Foreign
from memlearn.training.parallel import parallel
from memlearn.types import UserError
from tests.actors import BATCH, as_it_is, begun, keys, lived
from tests.slow import SLOW
from tests.worlds import small_config

TERMS = ppo.Terms(0.2, 0.5, (0.02, 0.0), balance_weight=0.3, write_price=0.1, slot_price=0.0)
SETTINGS = dict(
    epochs=2,
    minibatches=2,
    within=0.95,
    across=0.9,
    decay=0.8,
    burn_in=0,
    inertia=0.9,
    updates=10,
    predicts="",
    chapters=1,
)


def lesson(window, decay=0.8):
    gammas = ppo.discounts(window.after, 0.95, 0.9)
    before = ppo.Moments(jnp.float32(0.3), jnp.float32(0.5))
    return ppo.prepare(window, gammas, keys(2), decay, before, 0.9)


def test_the_loss_of_four_steps_by_hand():
    """Done more often than before, less, as often; at the last there is no choice.

    gains    min(1.25 * 1, 1.2 * 1) = 1.2, min(.5 * -2, .8 * -2) = -1.6, 1 * .5
    values   max((1 - 0)^2, (.5 + .2 - 0)^2) = 1, max((0 - 1)^2, (0 - 1)^2) = 1,
             max((.9 - 1)^2, (.5 + .2 - 1)^2) = .09, 0
    entropy  log 2 = .693147, -.25 log .25 - .75 log .75 = .562335, log 2
    """
    said = Output(
        logits=jnp.log(jnp.array([[[0.5, 0.5], [0.25, 0.75], [0.5, 0.5], [1.0, 1e-9]]])),
        value=jnp.array([[1.0, 0.0, 0.9, 2.0]]),
    )
    fixed = SimpleNamespace(apply=lambda *_, **__: (((), said, None), {}))
    lesson = ppo.Lesson(
        memory=(), steps=SimpleNamespace(choices=jnp.array([[2, 2, 2, 1]])),
        actions=jnp.array([[1, 0, 0, 0]]), log_probs=jnp.log(jnp.array([[0.4, 0.5, 0.5, 0.1]])),
        values=jnp.array([[0.5, 0.0, 0.5, 2.0]]), advantages=jnp.array([[1.0, -2.0, 0.5, 9.0]]),
        returns=jnp.array([[0.0, 1.0, 1.0, 2.0]]), keys=(),
    )  # fmt: skip
    loss, report = ppo.loss_fn({}, lesson, fixed, TERMS, entropy_weight=0.1, burn_in=0)
    assert report["policy"] == pytest.approx(-0.1 / 3, abs=1e-6)
    assert report["value"] == pytest.approx(2.09 / 8)
    assert report["entropy"] == pytest.approx(0.649543, abs=1e-6)
    assert report["clipped"] == pytest.approx(2 / 3)
    # 1.25 - 1 - log 1.25 = .026856, .5 - 1 - log .5 = .193147, 0
    assert report["divergence"] == pytest.approx(0.073334, abs=1e-6)
    assert loss == pytest.approx(-0.1 / 3 + 0.5 * 2.09 / 8 - 0.0649543, abs=1e-6)


def test_the_loss_equals_the_definition():
    _, policy, _, state = begun()
    learned, _ = lesson(lived()[1])
    learned = learned._replace(  # as if another policy had acted
        log_probs=learned.log_probs
        + 0.4 * jnp.sin(jnp.arange(learned.log_probs.size)).reshape(16, 5),
        values=learned.values - 0.5,
    )
    loss_fn = jax.jit(functools.partial(ppo.loss_fn, policy=policy, terms=TERMS, burn_in=0))
    loss, report = loss_fn(state.params, learned, entropy_weight=0.02)
    _, output, _ = jax.jit(policy.apply)(state.params, learned.memory, learned.steps)
    log_p = np.asarray(jax.nn.log_softmax(output.logits), float)
    gains, values, entropies, clipped = [], [], [], []
    for b, t in np.ndindex(16, 5):
        value, target = float(output.value[b, t]), float(learned.returns[b, t])
        then = float(learned.values[b, t])
        near = then + np.clip(value - then, -0.2, 0.2)
        values.append(max((value - target) ** 2, (near - target) ** 2) / 2)
        if learned.steps.choices[b, t] > 1:
            ratio = np.exp(log_p[b, t, learned.actions[b, t]] - learned.log_probs[b, t])
            advantage = float(learned.advantages[b, t])
            gains.append(min(ratio * advantage, np.clip(ratio, 0.8, 1.2) * advantage))
            entropies.append(-np.sum(np.exp(log_p[b, t]) * log_p[b, t]))
            clipped.append(not 0.8 <= ratio <= 1.2)
    np.testing.assert_allclose(report["policy"], -np.mean(gains), rtol=1e-4)
    np.testing.assert_allclose(report["value"], np.mean(values), rtol=1e-4)
    np.testing.assert_allclose(report["entropy"], np.mean(entropies), rtol=1e-4)
    assert report["clipped"] == pytest.approx(np.mean(clipped)) and 0 < np.mean(clipped) < 1
    total = -np.mean(gains) + 0.5 * np.mean(values) - 0.02 * np.mean(entropies)
    total += 0.3 * report["balance"] + 0.1 * report["written"]
    np.testing.assert_allclose(loss, total, rtol=1e-4)


def test_values_are_in_units_of_the_spread_of_returns():
    window = lived()[0]
    learned, moments = lesson(window, decay=1.0)
    spread = np.sqrt(0.5 - 0.3**2)
    returns = 0.3 + spread * np.asarray(learned.returns)
    # With lambda 1 a return is what was rewarded, discounted, and the value after the window.
    expected = 0.3 + spread * np.asarray(window.values[:, -1])
    gammas = np.asarray(ppo.discounts(window.after, 0.95, 0.9))
    for t in reversed(range(5)):
        expected = np.asarray(window.rewards[:, t]) + gammas[:, t] * expected
        np.testing.assert_allclose(returns[:, t], expected, atol=1e-5)
    np.testing.assert_allclose(moments.mean, 0.9 * 0.3 + 0.1 * returns.mean(), rtol=1e-5)
    np.testing.assert_allclose(
        moments.square, 0.9 * 0.5 + 0.1 * np.square(returns).mean(), rtol=1e-5
    )
    choice = np.asarray(window.steps.choices) > 1
    advantages = np.asarray(learned.advantages)[choice]
    assert abs(advantages.mean()) < 1e-5 and advantages.std() == pytest.approx(1, abs=1e-3)


def test_what_is_all_but_the_same_is_not_blown_up():
    """Where hardly anything was better or worse than expected, hardly anything is learned."""
    nothing = jnp.full((16, 6), -0.3 / np.sqrt(0.5 - 0.3**2))  # nothing is expected
    noise = 1e-4 * jnp.sin(jnp.arange(80.0)).reshape(16, 5)
    advantages = lesson(lived()[0]._replace(rewards=noise, values=nothing))[0].advantages
    assert 0 < jnp.abs(advantages).max() < 0.01


def test_burning_in_fills_memory_without_a_gradient():
    _, policy, _, state = begun("gru")
    learned, _ = lesson(lived("gru")[1])
    told = dict(policy=policy, terms=TERMS, entropy_weight=0.0)
    late = jax.jit(functools.partial(ppo.loss_fn, burn_in=2, **told))
    memory = jax.jit(policy.apply)(
        state.params, learned.memory, jax.tree.map(lambda x: x[:, :2], learned.steps)
    )[0]
    rest = jax.tree.map(lambda x: x[:, 2:], learned._replace(memory=(), keys=()))
    rest = rest._replace(memory=memory, keys=learned.keys)
    whole = jax.jit(functools.partial(ppo.loss_fn, burn_in=0, **told))
    grads = [
        jax.grad(f, has_aux=True)(state.params, x)[0] for f, x in ((late, learned), (whole, rest))
    ]
    chex.assert_trees_all_close(*grads, atol=1e-5)


def updating(env, policy, **settings):
    """An update by plain gradient descent, of windows of five steps."""
    settings = {"optimizer": optax.sgd(1e-2), "window": 5, **SETTINGS, **settings}
    return functools.partial(
        ppo.update, policy=policy, env=env, see=as_it_is, curriculum=lambda world, step: world,
        terms=TERMS, **settings,
    )  # fmt: skip


# In a mixture choices are not even; of a quarter of a batch not every device has a lifetime.
@pytest.mark.parametrize(
    "memory, task, minibatches, kinds",
    [
        ("gru", "mixture", 2, ("jit",)),
        pytest.param("gru", "mixture", 2, ("pmap",), marks=SLOW),
        pytest.param("store", "binding", 4, ("jit",), marks=SLOW),
    ],
)
def test_eight_devices_act_and_learn_as_one(memory, task, minibatches, kinds):
    env, policy, world, state = begun(memory, task)
    update = updating(env, policy, chapters=2, minibatches=minibatches)

    def updated(kind, devices):
        spread = parallel(update, kind, BATCH, jax.devices()[:devices], shared=(world,))
        now = spread.spread(state)
        for step in range(2):
            now, report = spread.update(now, keys(step))
        return spread.gather(now), report

    one, report = updated("jit", 1)
    for kind in kinds:
        eight, same = updated(kind, 8)
        chex.assert_trees_all_close(report, same, atol=1e-4)
        chex.assert_trees_all_close(one.params, eight.params, atol=1e-5)
        chex.assert_trees_all_close(one.actor, eight.actor, atol=1e-4)
        assert int(eight.step) == 2


def test_too_few_lifetimes_of_a_device_are_said():
    env, policy, world, state = begun("gru")
    update = updating(env, policy, minibatches=4)
    spread = parallel(update, "pmap", BATCH, shared=(world,))
    with pytest.raises(UserError, match="2 lifetimes of a device cannot be divided into 4"):
        spread.update(spread.spread(state), keys(0))


def test_what_is_rewarded_is_done():
    """A bit that is seen is to be said: 64 steps an update, of which half are right by luck."""

    def reset(key):
        bit = jax.random.bernoulli(key).astype(jnp.float32)
        return bit, bit

    foreign = Foreign(
        reset, step=lambda key, bit, action: (bit, bit, 1.0 * (action == bit), True),
        perceive=lambda bit: {"vector": bit[None]}, actions=2, most=1,
    )  # fmt: skip
    config = small_config()
    config.memory.kind, config.words = "none", 2
    policy, env = build.policy(config), Adapted(foreign, episodes=4)
    optimizer = optax.adam(3e-3)
    update = jax.jit(updating(env, policy, optimizer=optimizer, window=4, updates=40))
    state, scores = ppo.init(policy, optimizer, env, (), jax.random.key(0), BATCH), []
    for step in range(40):
        state, report = update(state, keys(step), ())
        scores.append(float(report["score"]))
    assert np.mean(scores[:5]) < 0.75 and np.mean(scores[-5:]) > 0.95
