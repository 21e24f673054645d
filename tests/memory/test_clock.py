"""When something happened, as its address."""

import jax
import jax.numpy as jnp
import numpy as np

from memlearn.memory import clock
from memlearn.memory.keys import Addresses
from memlearn.types import Event

B, T, M, D, H = 2, 40, 2, 6, 3


def test_time_is_counted_from_the_beginning_of_a_lifetime():
    resets = jnp.zeros((2, 5), bool).at[1, 2].set(True)
    found = clock._count(jnp.array([7, 3]), resets)
    np.testing.assert_array_equal(found, [[7, 8, 9, 10, 11], [3, 4, 0, 1, 2]])


def test_no_time_is_like_another():
    when = clock._when(jnp.arange(1001), 32)
    likeness = np.real(when[:1].conj() @ when.T)[0]
    assert abs(likeness[0] - 1) < 1e-5 and np.abs(likeness[1:]).max() < 0.6


def test_what_was_n_steps_ago_is_what_matches_best():
    rng = np.random.default_rng(0)
    rule = clock.ClockKeys(H, recalled=0, maps=Addresses(32), leads=2)
    events = Event(
        jnp.asarray(rng.normal(size=(B, T, M, D)), jnp.float32),
        jnp.ones((B, T, M), bool),
        jnp.asarray(rng.normal(size=(B, T, D)), jnp.float32),
    )
    resets = jnp.zeros((B, T), bool).at[:, 0].set(True).at[1, 15].set(True)
    state = rule.initial_state(B, M, jnp.float32)
    given = state, events, events.fused, resets
    params = rule.init(jax.random.key(0), *given)["params"]
    for name in ("filed", "asked"):
        params[name]["bias"] = jnp.full(H, 20.0)  # by when, and by nothing else
    ago = np.array([1, 3, 20])
    params["ago"]["bias"] = jnp.asarray(50.0 * np.eye(clock.AGO)[ago - 1])
    _, key, query, key_sources, query_sources = rule.apply({"params": params}, *given)
    assert key_sources.shape == query_sources.shape == (B, T, H, 2 * M + 1)
    np.testing.assert_allclose(key_sources[..., -1], 1, atol=1e-6)
    match = np.einsum("bthk,bshk->bhts", query, key)
    for lifetime, begins in ((0, 0), (1, 15)):
        for bank, t in np.ndindex(H, T):
            if t - ago[bank] >= begins:
                seen = match[lifetime, bank, t, begins : t + 1]
                assert seen.argmax() == t - ago[bank] - begins
                assert seen.max() > 0.99 and np.sort(seen)[-2] < 0.7


def test_the_last_bank_begins_with_it():
    rule = clock.ClockKeys(H, recalled=0, maps=Addresses(8), leads=2)
    events = Event(jnp.ones((B, 4, M, D)), jnp.ones((B, 4, M), bool), jnp.ones((B, 4, D)))
    given = rule.initial_state(B, M, jnp.float32), events, events.fused, jnp.zeros((B, 4), bool)
    found = rule.init_with_output(jax.random.key(0), *given)[0]
    for sources in found[3:]:
        np.testing.assert_allclose(sources.sum(-1), 1, rtol=1e-5)
        np.testing.assert_allclose(sources[0, 0, :, -1], jax.nn.sigmoid(jnp.array([-3, -3, 3.0])))
