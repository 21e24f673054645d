"""A life of chapters: memory is kept from one to the next, and what is told of them is so."""

from unittest import mock

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from memlearn.evaluation import endurance, retrieval
from memlearn.tasks.play import as_one
from tests.slow import slow_values
from tests.worlds import small_run

DEVICES = jax.devices()


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
    assert two.score != two.emptied, "later ones have"


def live_on(run, lives, count):
    """The memory and scores of so many lives after two chapters, on so many devices."""
    told = run.env, run.policy, run.state.params, run.world
    with mock.patch.object(jax, "devices", lambda: DEVICES[:count]):
        memory, live = endurance.on_all_devices(*told, lives)
    for number in range(2):
        memory, scores = live(number, memory, begins=number == 0)
    return memory, scores


@pytest.mark.parametrize("lives", [2, *slow_values(8)])
def test_lives_are_spread_over_devices_or_else_their_slots_are(lives):
    run = small_run(**{"memory.kind": "store", "memory.slots": 8, "memory.nearest": 4})
    (spread, scores), (whole, expected) = (live_on(run, lives, count) for count in (4, 1))
    chex.assert_trees_all_close(spread, whole, atol=1e-5)
    np.testing.assert_array_equal(scores, expected)
    values = spread[0].stores.values
    part = (lives // 4, values.shape[1], 64) if lives == 8 else (lives, values.shape[1], 16)
    assert {shard.data.shape[:3] for shard in values.addressable_shards} == {part}
