"""One update on one device, on eight by sharding, and on eight by pmap: the same."""

import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.flatten_util import ravel_pytree

from memlearn import build
from memlearn.training.parallel import parallel
from memlearn.types import KNOWN, UserError
from tests.slow import SLOW
from tests.worlds import small_run


def descending(**fields):
    """A run by plain gradient descent at rate 1, which hides no difference between gradients.

    Weights are moved a little first: where nothing but zeros is normed, as at the beginning, a
    gradient is a hundred times as large as others, and so are its roundings.
    """
    run, descent = small_run(**fields), optax.sgd(1.0)
    params, unravel = ravel_pytree(run.state.params)
    params = unravel(params + 0.1 * jax.random.normal(jax.random.key(2), params.shape))
    state = run.state._replace(params=params, opt_state=descent.init(params))
    return run._replace(state=state, update=build.update(run.config, run.policy, descent))


@pytest.fixture(scope="module")
def run():
    return descending()


def updated(run, kind, devices):
    spread = parallel(run.update, kind, batch=8, devices=jax.devices()[:devices])
    state = spread.spread(run.state)
    before = spread.gather(state)
    for step in range(2):
        state, report = spread.update(state, run.draw(jax.random.key(0), step))
    # What was handed in is still there, and what is being saved is taken over by no update.
    chex.assert_trees_all_equal(before.params, run.state.params)
    return spread.gather(state), report


def moved(state, run):
    """How far the parameters went, by plain gradient descent at rate 1: the sum of gradients."""
    return jax.tree.map(lambda new, old: new - old, state.params, run.state.params)


def test_eight_devices_equal_one(run):
    assert jax.device_count() == 8
    one, one_report = updated(run, "jit", 1)
    assert optax.global_norm(moved(one, run)) > 0.1
    for kind in ("jit", "pmap"):
        eight, report = updated(run, kind, 8)
        chex.assert_trees_all_close(report, one_report, rtol=1e-4)
        chex.assert_trees_all_close(moved(eight, run), moved(one, run), atol=2e-5)
        assert int(eight.step) == 2
        np.testing.assert_array_equal(
            jax.random.key_data(eight.key), jax.random.key_data(run.state.key)
        )


def test_slots_that_are_shared_are_spread():
    run = descending(**{"memory.kind": "gru", "memory.knowledge": 16, "memory.nearest": 8})
    # What is read has no say at first, and so no gradient.
    out = run.state.params["params"]["memories_1"]["out"]
    out["kernel"] = 0.1 * jax.random.normal(jax.random.key(0), out["kernel"].shape)
    one, one_report = updated(run, "jit", 1)
    for kind in ("jit", "pmap"):  # each device has all of them by the latter
        eight, report = updated(run, kind, 8)
        chex.assert_trees_all_close(report, one_report, rtol=1e-4)
        chex.assert_trees_all_close(moved(eight, run), moved(one, run), atol=2e-5)
    assert optax.global_norm(moved(one, run)["params"]["memories_1"][KNOWN]) > 1e-3

    spread = parallel(run.update, "jit", batch=8)
    state = spread.update(spread.spread(run.state), run.draw(jax.random.key(0), 0))[0]
    known = state.params["params"]["memories_1"][KNOWN]
    assert {shard.data.shape for shard in known.addressable_shards} == {(256 // 8, 8)}


@SLOW
def test_a_gradient_is_averaged_over_the_axis(run):
    """Against the mean of what each shard's loss alone would give: shards are weighed equally."""
    steps = run.draw(jax.random.key(0), 0)
    halves = jax.tree.map(lambda x: x.reshape(2, 4, *x.shape[1:]), steps)
    update = functools.partial(run.update, axis_name="shards")
    mapped = jax.vmap(update, in_axes=(None, 0), axis_name="shards")
    states, _ = jax.jit(mapped)(run.state, halves)
    whole, _ = jax.jit(run.update)(run.state, steps)
    for half in (0, 1):
        state = jax.tree.map(lambda x, half=half: x[half], states)
        chex.assert_trees_all_close(moved(state, run), moved(whole, run), atol=2e-5)


def test_what_cannot_be_done_is_said(run):
    with pytest.raises(UserError, match="a batch of 6 cannot be divided by 4 devices"):
        parallel(run.update, "jit", batch=6, devices=jax.devices()[:4])
    with pytest.raises(UserError, match="there are: jit, pmap"):
        parallel(run.update, "tpu", batch=8)


def test_jit_spreads_the_batch(run):
    spread = parallel(run.update, "jit", batch=8)
    state = spread.spread(run.state)
    leaf = jax.tree.leaves(state.params)[0]
    assert len(leaf.sharding.device_set) == 8 and leaf.sharding.is_fully_replicated
    assert isinstance(spread.gather(state).step, jnp.ndarray)
