"""A life of chapters: memory is kept from one to the next, and what is told of them is so."""

from unittest import mock

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from memlearn.evaluation import endurance, retrieval
from memlearn.tasks.play import as_one
from tests.worlds import small_run

DEVICES = jax.local_devices()


def test_two_chapters_leave_the_memory_of_one_life():
    run = small_run()
    told = run.env, run.policy, run.state.params, run.world
    keys = jax.random.split(jax.random.key(0), 2 * 3).reshape(2, 3)
    first, _ = endurance.chapter(*told, keys[0], run.policy.initial_state(3), jnp.bool_(True))
    second, _ = endurance.chapter(*told, keys[1], first, jnp.bool_(False))
    # The same steps at once, though what was answered is of whoever forgets between them.
    answered = [retrieval.watch(*told, key)[0].steps for key in keys]
    steps = jax.tree.map(lambda *x: jnp.stack(x, 1).reshape(-1, *x[0].shape[1:]), *answered)
    begun = run.policy.initial_state(3)
    live = jax.jit(run.policy.apply)
    kept = live(run.state.params, begun, as_one(steps, 2))[0]
    emptied = live(run.state.params, begun, answered[1])[0]

    def pointers(state):
        return np.asarray(state[0].pointer)

    np.testing.assert_array_equal(pointers(second), pointers(kept))
    assert (pointers(second) != pointers(emptied)).any()


def test_the_first_chapter_has_nothing_to_be_in_its_way():
    run = small_run()
    told = run.env, run.policy, run.state.params, run.world
    one, two = endurance.stretches(*told, lives=3, chapters=[1, 2])
    assert one.score == one.emptied and one.low <= one.score <= one.high
    assert [one.lived, two.lived] == [run.env.length, 3 * run.env.length]
    assert one.megabytes > 0 and two.milliseconds > 0
    assert one.megabytes == pytest.approx(two.megabytes, rel=1e-3), "but for scores"
    assert two.score != two.emptied, "later ones have"


def alike_on_four_devices(run, lives):
    """Two chapters on four devices and on one: the same; returns the memory on four, a layer."""
    params = jax.device_put(run.state.params, DEVICES[0])
    told, ended = (run.env, run.policy, params, run.world), []
    for count in (4, 1):
        with mock.patch.object(jax, "local_devices", lambda count=count: DEVICES[:count]):
            memory, live = endurance.on_all_devices(*told, lives)
        for number in range(2):
            memory, scores = live(number, memory, begins=number == 0)
        ended.append((memory, scores))
    chex.assert_trees_all_close(*ended, atol=1e-5)
    return ended[0][0][0]


def parts(x):
    """The shapes that devices have of an array."""
    return {shard.data.shape for shard in x.addressable_shards}


def test_lives_are_spread_over_devices():
    run = small_run(**{"memory.kind": "gru", "memory.hidden": 6})
    assert parts(alike_on_four_devices(run, lives=8).hidden) == {(2, 6)}


def test_of_lives_that_cannot_be_slots_are():
    run = small_run(**{"memory.kind": "store", "memory.slots": 8, "memory.nearest": 4})
    lives = alike_on_four_devices(run, lives=2).stores.lives
    assert parts(lives) == {(2, run.config.memory.banks, 8 * 8 // 4)}
