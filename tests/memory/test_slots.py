"""Slots by hand: which events get one, which one, how many there are, and how long they live."""

import math

import jax
import jax.numpy as jnp
import numpy as np

from memlearn.memory import slots


def test_fresh_slots_go_round_and_only_whole_events_advance():
    written = jnp.array([1.0, 0.6, 0.4, 0.9, 1.0, 0.0, 1.0])[None, :, None]
    resets = jnp.array([[True, False, False, False, False, False, True]])
    ring = jnp.full((1, 1), 2), jnp.array([3])  # of three slots, at the last
    place, pointer = slots.fresh_slots(written, resets, *ring, slots=4)
    np.testing.assert_array_equal(place.argmax(-1)[0, :, 0], [0, 1, 2, 2, 0, 1, 0])
    np.testing.assert_array_equal(place.sum(-1), 1)
    assert pointer.dtype == jnp.int32 and pointer[0, 0] == 1
    place, pointer = slots.fresh_slots(written[:, :2], resets[:, 1:3], *ring, slots=4)
    np.testing.assert_array_equal(place.argmax(-1)[0, :, 0], [2, 0])
    assert pointer[0, 0] == 1


def test_a_ring_that_changes_goes_on_where_it_was():
    written, ring = jnp.ones((1, 9, 1)), jnp.array([4, 4, 4, 4, 4, 8, 8, 2, 8])[None, :, None]
    resets = jnp.zeros((1, 9), bool).at[0, 0].set(True)
    place, pointer = slots.fresh_slots(written, resets, jnp.full((1, 1), 3), ring, slots=8)
    np.testing.assert_array_equal(place.argmax(-1)[0, :, 0], [0, 1, 2, 3, 0, 1, 2, 0, 1])
    assert pointer[0, 0] == 2


def test_slots_close_from_the_last_one_on():
    count, context = slots.Count("learned"), jnp.ones((2, 1, 3))
    budget = jnp.array([8, 4])
    params = count.init(jax.random.key(0), context, budget, 1, 8)
    params["params"]["number"]["bias"] = jnp.zeros(1)  # sigmoid: half of 8 + 3 and of 4 + 3
    (share, ring), sown = count.apply(params, context, budget, 1, 8, mutable=["open"])
    np.testing.assert_allclose(share[0, 0, 0], [1, 1, 0.875, 0.625, 0.375, 0.125, 0, 0])
    np.testing.assert_allclose(share[1, 0, 0], [0.875, 0.625, 0.375, 0.125, 0, 0, 0, 0])
    np.testing.assert_array_equal(ring[:, 0, 0], [4, 2])
    np.testing.assert_allclose(sown["open"]["share"][-1], (4 + 2) / 16)
    params["params"]["number"]["bias"] = jnp.full(1, -9.0)
    np.testing.assert_array_equal(count.apply(params, context, budget, 1, 8)[1], 1)


def test_retention_stays_within_its_bounds():
    logs = slots.bounded_log(jnp.array([0.0, 0.5, 1.0]))
    np.testing.assert_allclose(logs[jnp.array([0, 2])], [-5.0, 0.0], atol=1e-6)
    assert -5 < logs[1] < math.log(0.51)


def test_nothing_but_what_is_overwritten_is_forgotten_without_retention():
    write = jnp.array([0.0, 0.5, 1.0, 1.7])[None, None, None]
    retention = slots.Retention("none", "all")
    decay = retention.apply({}, jnp.ones((1, 1, 2)), write, jnp.ones((1, 1), bool))
    np.testing.assert_allclose(decay[0, 0, 0], slots.bounded_log(jnp.array([1, 0.5, 0, 0])))


def test_a_bank_survives_an_episode_as_far_as_it_learned_to():
    context, write = jnp.ones((1, 2, 3)), jnp.zeros((1, 2, 1, 4))
    episode = jnp.array([[False, True]])
    retention = slots.Retention("learned", "learned")
    params = retention.init(jax.random.key(0), context, write, episode)
    params["params"]["survive"] = jnp.zeros(1)  # sigmoid: one half
    decay = retention.apply(params, context, write, episode)
    keep = jax.nn.sigmoid(slots.KEEP)
    np.testing.assert_allclose(decay[0, 0], slots.bounded_log(keep), atol=1e-6)
    assert np.all(np.exp(1000 * decay[0, 0]) > 0.9), "at first next to nothing fades"
    np.testing.assert_allclose(decay[0, 1], slots.bounded_log(keep / 2), rtol=1e-5)
    forgetful = slots.Retention("fixed", "none").apply({}, context, write, episode)
    half_life = jnp.exp(decay.dtype.type(slots.HALF_LIFE) * forgetful[0, 0])
    np.testing.assert_allclose(half_life, 0.5, rtol=0.01)  # MIN_LOG_KEEP adds a little
    np.testing.assert_allclose(forgetful[0, 1], slots.MIN_LOG_KEEP, rtol=1e-5)


def test_chance_admits_as_often_as_it_is_told_and_the_same_again():
    fused = jax.random.normal(jax.random.key(0), (20, 100, 16))
    admitted = slots.Admission("random", 0.3).apply({}, fused, fused)
    assert set(np.unique(admitted)) == {0.0, 1.0} and 0.25 < admitted.mean() < 0.35
    np.testing.assert_array_equal(slots.Admission("random", 0.3).apply({}, fused, fused), admitted)
