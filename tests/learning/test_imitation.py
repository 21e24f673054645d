"""Imitation: the loss by hand, and that it falls."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from memlearn.learning import imitation, structure
from memlearn.memory import slots
from memlearn.memory.routing import balance_loss
from tests.slow import slow_values
from tests.worlds import small_run

# Those of memax are an extra; the rules that other designs are made of are in these.
OTHERS = (
    *("gated_slots", "gru", "store"),
    *slow_values("dnc", "fifo_retrieval", "lstm", "modality_banks", "none", "one_bank"),
)


def test_loss_equals_the_definition():
    run = small_run(**{"memory.count": "learned", "memory.slots": 8})
    steps = run.draw(jax.random.key(3), 0)
    told = dict(balance_weight=0.3, value_weight=0.7, write_price=0.2, slot_price=0.4)
    loss_fn = jax.jit(functools.partial(imitation.loss_fn, policy=run.policy, **told))
    state = run.policy.initial_state(run.config.batch)
    loss, (_, report) = loss_fn(run.state.params, state, imitation.lesson(steps))
    output = jax.device_get(jax.jit(run.policy.apply)(run.state.params, state, steps)[1])
    nll, value, right = [], [], []
    for b, t in np.argwhere(np.asarray(steps.question)):
        logits, word = output.logits[b, t], int(steps.oracle[b, t])
        p = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
        nll.append(-np.log(p[word]))
        value.append(0.5 * (output.value[b, t] - p[word]) ** 2)
        right.append(logits.argmax() == word)
    assert len(nll) == run.config.batch * run.config.classes
    np.testing.assert_allclose(report["imitation"], np.mean(nll), rtol=1e-5)
    np.testing.assert_allclose(report["value"], np.mean(value), rtol=1e-4)
    np.testing.assert_allclose(report["score"], np.mean(right), rtol=1e-6)
    # Before training the routers share equally among their banks.
    np.testing.assert_allclose(report["balance"], 1.0, rtol=1e-5)
    total = np.mean(nll) + 0.7 * np.mean(value) + 0.3 + 0.2 * report["written"]
    number = (8 + slots.RAMP - 1) * jax.nn.sigmoid(3.0)
    open_slots = np.clip((number - np.arange(8)) / slots.RAMP, 0, 1).mean()
    np.testing.assert_allclose(report["open"], open_slots, rtol=1e-5)
    total += 0.4 * open_slots
    np.testing.assert_allclose(report["written"], jax.nn.sigmoid(3.0), rtol=1e-5)
    np.testing.assert_allclose(loss, total, rtol=1e-5)


def test_balance_is_least_when_shares_are_equal():
    np.testing.assert_allclose(balance_loss(jnp.full(4, 0.25)), 1.0)
    np.testing.assert_allclose(balance_loss(jnp.array([1.0, 0, 0, 0])), 4.0)


def test_the_router_with_the_fewest_banks_is_reported():
    shares = jnp.full(4, 0.25), jnp.array([0.5, 0.5, 0.0, 0.0]), jnp.ones(1)
    assert structure.costs({"routing": shares}, 0.0, 0.0, 0.0)[1]["banks"] == 2
    assert "banks" not in structure.costs({"routing": shares[2:]}, 0.0, 0.0, 0.0)[1]


def test_a_batch_is_learned():
    run = small_run(learning_rate=3e-3, warmup=5, updates=60)
    steps, update = run.draw(jax.random.key(0), 0), jax.jit(run.update)
    state, first = update(run.state, steps)
    for _ in range(59):
        state, report = update(state, steps)
    assert report["imitation"] < 0.5 * first["imitation"]
    assert int(state.step) == 60


def test_slots_that_cost_more_than_they_bring_close():
    prices = {"memory.count": "learned", "slot_price": 10.0}
    run = small_run(learning_rate=3e-2, warmup=1, updates=30, **prices)
    steps, update = run.draw(jax.random.key(0), 0), jax.jit(run.update)
    state, first = update(run.state, steps)
    for _ in range(29):
        state, report = update(state, steps)
    assert report["open"] < 0.7 * first["open"]


def test_all_tasks_are_learned_at_once():
    run = small_run(task="mixture", batch=32, **{"memory.kind": "gru"})
    steps, update = run.draw(jax.random.key(0), 0), jax.jit(run.update)
    assert set(np.asarray(steps.choices)[np.asarray(steps.question)]) == {2, 3, 6}
    state, report = update(run.state, steps)
    assert int(state.step) == 1 and np.isfinite(report["loss"])


@pytest.mark.parametrize("memory", OTHERS)
def test_every_other_memory_trains(memory):
    run = small_run(**{"memory.kind": memory})
    update, state = jax.jit(run.update), run.state
    for step in range(3):  # two might take back what one did
        state, report = update(state, run.draw(jax.random.key(0), step))
    assert int(state.step) == 3 and np.isfinite(report["loss"])
    moved = jax.tree.map(lambda new, old: jnp.any(new != old), state.params, run.state.params)
    assert all(jax.tree.leaves(moved)), "some parameter has no gradient"
