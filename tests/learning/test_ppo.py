"""PPO: the loss by hand, acting against learning, and what windows carry."""

import functools
from types import SimpleNamespace

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from memlearn import build, memories
from memlearn import policy as policy_module
from memlearn.learning import ppo
from memlearn.learning.rollout import FRESH, begin, rollout
from memlearn.memory.fixed import memax
from memlearn.tasks.adapters import Adapted, Foreign
from memlearn.training.parallel import parallel
from memlearn.types import EPISODE, LIFETIME, UserError
from tests.slow import SLOW, slow_values
from tests.worlds import small_config, small_world

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
BATCH = 16


def as_it_is(keys, steps):
    """See things as they are."""
    return steps


# What is not a kind of memory by itself.
MEMORIES = {
    "clock": {"memory.addressing": "clock", "memory.layers": 2},
    "count": {"memory.count": "learned"},
    "knowledge": {"memory.knowledge": 4},
}
FIRST = "learned", "clock", "store", "gru"
OTHERS = sorted({*MEMORIES, *memories.MEMORIES} - {*FIRST, *memax.KINDS})


@functools.cache
def begun(memory="learned", task="binding"):
    """An environment, a policy, a world, and the actors of a batch of lifetimes."""
    config = small_config()
    config.task = task
    config.update_from_flattened_dict(MEMORIES.get(memory, {"memory.kind": memory}))
    env, policy, world = build.environment(config), build.policy(config), small_world(config)
    state = ppo.init(policy, optax.sgd(1e-2), env, world, jax.random.key(0), BATCH)
    return env, policy, world, state


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


def lesson(window, decay=0.8):
    gammas = ppo.discounts(window.after, 0.95, 0.9)
    before = ppo.Moments(jnp.float32(0.3), jnp.float32(0.5))
    return ppo.prepare(window, gammas, keys(2), decay, before, 0.9)


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


def test_the_loss_of_four_steps_by_hand():
    """Done more often than before, less, as often; at the last there is no choice.

    gains    min(1.25 * 1, 1.2 * 1) = 1.2, min(.5 * -2, .8 * -2) = -1.6, 1 * .5
    values   max((1 - 0)^2, (.5 + .2 - 0)^2) = 1, max((0 - 1)^2, (0 - 1)^2) = 1,
             max((.9 - 1)^2, (.5 + .2 - 1)^2) = .09, 0
    entropy  log 2 = .693147, -.25 log .25 - .75 log .75 = .562335, log 2
    """
    said = policy_module.Output(
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


def test_the_rate_of_learning_is_of_all_steps_along_a_gradient():
    """Four of them for each of ten updates: it rises in two updates, and falls to a fiftieth."""
    config = small_config()
    config.learner, config.updates, config.warmup, config.weight_decay = "ppo", 10, 2, 0.0
    config.ppo.epochs, config.ppo.minibatches, config.learning_rate = 2, 2, 0.05
    optimizer = build.optimizer(config)
    state, sizes = optimizer.init(jnp.float32(0)), []
    for _ in range(41):  # by Adam, a gradient that stays the same moves as far as the rate
        moved, state = optimizer.update(jnp.float32(1), state, jnp.float32(0))
        sizes.append(-float(moved))
    assert np.argmax(sizes) == 8 and sizes[8] == pytest.approx(0.05, rel=1e-3)
    assert sizes[0] == pytest.approx(0.025, rel=1e-3)
    assert sizes[-1] == pytest.approx(0.001, rel=1e-3)


def test_new_lifetimes_begin_with_a_boundary():
    env, policy, world, _ = begun()
    actor = begin(env, policy, world, keys(5))
    steps = jax.vmap(env.timestep, in_axes=(0, None))(actor.lifetimes, world)
    assert np.all(steps.boundary == LIFETIME)
