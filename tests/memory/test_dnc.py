"""The addressing of the differentiable neural computer by hand, and a whole one in numpy."""

import functools
import math

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from memlearn.memory.fixed import dnc, dnc_addressing
from tests.memory import test_contract as contract

MEMORY = contract.MEMORIES["dnc"]
close = functools.partial(np.testing.assert_allclose, rtol=1e-5, atol=1e-5)


def written(*writes):
    """The link matrix and the precedence after these writes, `[N]` each."""
    slots = len(writes[0])
    link, precedence = jnp.zeros((slots, slots)), jnp.zeros(slots)
    for write in jnp.array(writes, jnp.float32):
        link = dnc_addressing.link_after(link, precedence, write)
        precedence = dnc_addressing.precedence_after(precedence, write)
    return link, precedence


def test_content_is_found_by_its_angle():
    memory = jnp.array([[2.0, 0.0], [0.0, 5.0], [-1.0, 0.0]])  # cosines 1, 0, -1
    keys, strengths = jnp.array([[1.0, 0.0], [0.0, 0.0]]), jnp.array([math.log(4), 9.0])
    weights = dnc_addressing.content_weights(memory, keys, strengths)
    close(weights, [[16 / 21, 4 / 21, 1 / 21], [1 / 3, 1 / 3, 1 / 3]])  # 4, 1, 1/4; a key of zero
    close(dnc_addressing.content_weights(jnp.zeros((4, 2)), keys, strengths), 1 / 4)


@pytest.mark.parametrize(
    "usage, expected",
    [
        # From the freest on: .8; .5 of the .2 that are left; .5 of .1; .1 of .05.
        ([0.5, 0.9, 0.2, 0.5], [0.1, 0.005, 0.8, 0.05]),
        ([0.0, 0.0, 0.0, 0.0], [1, 0, 0, 0]),
        ([1.0, 1.0, 0.0, 1.0], [0, 0, 1, 0]),
        ([1.0, 1.0, 1.0, 1.0], [0, 0, 0, 0]),
    ],
)
def test_the_freest_slot_is_allocated_first(usage, expected):
    close(dnc_addressing.allocation(jnp.array(usage)), expected)
    gradient = jax.jacobian(dnc_addressing.allocation)(jnp.array(usage))
    assert np.isfinite(gradient).all()


def test_the_gradient_of_allocation_is_that_of_its_equation():
    gradient = jax.jacobian(dnc_addressing.allocation)(jnp.array([0.5, 0.2]))
    close(gradient, [[-0.2, 0.5], [0, -1]])  # a = [(1 - u0) u1, 1 - u1]


def test_what_was_read_is_used_no_more_once_freed():
    usage, write = jnp.array([0.5, 0.0, 1.0]), jnp.array([0.5, 0.4, 0.0])  # together .75, .4, 1
    read, free = jnp.array([[1.0, 0.0, 0.5], [0.0, 0.5, 0.5]]), jnp.array([1.0, 0.5])
    # What is retained: 0, 1 - .25, (1 - .5) (1 - .25).
    close(dnc_addressing.usage_after(usage, write, read, free), [0, 0.3, 0.375])
    close(dnc_addressing.usage_after(usage, write, read, jnp.zeros(2)), [0.75, 0.4, 1])


def test_a_write_goes_where_its_gates_say():
    places = jnp.array([0.25, 0.75]), jnp.array([1.0, 0.0])  # alike, free
    close(dnc_addressing.write_weights(*places, jnp.array(0.5), jnp.array(0.8)), [0.5, 0.3])
    close(dnc_addressing.write_weights(*places, jnp.array(1.0), jnp.array(1.0)), [1, 0])
    close(dnc_addressing.write_weights(*places, jnp.array(1.0), jnp.array(0.0)), [0, 0])


def test_a_write_erases_then_adds():
    memory, write = jnp.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), jnp.array([1.0, 0.5, 0.0])
    after = dnc_addressing.memory_after(memory, write, jnp.array([1.0, 0.5]), jnp.array([10.0, 0]))
    close(after, [[10, 1], [6.5, 3], [5, 6]])


def test_links_and_reads_follow_the_order_of_writing():
    link, precedence = written([0, 0, 1], [1, 0, 0], [0, 1, 0])  # slots 2, 0, 1
    close(link, [[0, 0, 1], [1, 0, 0], [0, 0, 0]])  # 0 after 2, 1 after 0
    close(precedence, [0, 1, 0])
    first, middle, last = jnp.eye(3)[jnp.array([2, 0, 1])]
    read = jnp.stack([middle] * 3 + [first, last])
    backward, content, forward = jnp.eye(3)
    modes = jnp.stack([backward, content, forward, backward, forward])
    weights = dnc_addressing.read_weights(link, read, jnp.full((5, 3), 1 / 3), modes)
    close(weights, [first, [1 / 3] * 3, last, [0, 0, 0], [0, 0, 0]])


def test_a_slot_that_is_written_again_is_linked_anew():
    link, _ = written([0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1])  # slots 2, 0, 1, 2
    close(link, [[0, 0, 0], [1, 0, 0], [0, 1, 0]])


def test_what_is_written_in_part_is_linked_in_part():
    link, precedence = written([0.5, 0.0], [0.0, 0.4])
    close(link, [[0, 0], [0.2, 0]])  # .4 of .5
    close(precedence, [0.3, 0.4])  # what the second write leaves of .5


def test_weights_and_links_stay_within_their_bounds():
    state = MEMORY.initial_state(contract.B)
    for t in range(contract.T):
        step = contract.cut((contract.EVENTS, contract.BOUNDARIES), t, t + 1)
        state, _ = contract.run(MEMORY, state, *step)
        np.testing.assert_array_equal(np.diagonal(state.link, axis1=1, axis2=2), 0)
        assert state.usage.max() <= 1 + 1e-5
        weights = state.write, state.read, state.precedence, state.link, state.link.mT
        for weight in weights:
            assert weight.sum(-1).max() <= 1 + 1e-5
        assert min(weight.min() for weight in (*weights, state.usage)) >= -1e-6
    assert state.link.max() > 0.01


def test_a_state_of_bfloat16_stays_one():
    state = MEMORY.initial_state(contract.B, jnp.bfloat16)
    after, out = contract.run(MEMORY, state, contract.EVENTS, contract.BOUNDARIES)
    chex.assert_trees_all_equal_shapes_and_dtypes(after, state)
    chex.assert_tree_all_finite((after, out))


def numpy_step(said, memory, usage, link, precedence, write, read):
    """One access by the equations of the paper, slot by slot, for one memory."""
    slots, heads = range(len(usage)), range(len(read))

    def content(key, strength):
        norms = np.linalg.norm(memory, axis=-1) * np.linalg.norm(key)
        scores = np.exp(strength * (memory @ key) / norms)
        return scores / scores.sum()

    used = np.array([usage[i] + write[i] - usage[i] * write[i] for i in slots])
    for i in slots:
        used[i] *= math.prod(1 - said.free[r] * read[r, i] for r in heads)
    order, allocated = np.argsort(used), np.zeros(len(usage))
    for j in slots:
        allocated[order[j]] = (1 - used[order[j]]) * math.prod(used[order[:j]])
    alike = content(said.write_key[0], said.write_strength[0])
    write = said.write * (said.allocate * allocated + (1 - said.allocate) * alike)
    memory = memory * (1 - np.outer(write, said.erase)) + np.outer(write, said.add)
    linked = np.zeros_like(link)
    for i in slots:
        for j in set(slots) - {i}:
            linked[i, j] = (1 - write[i] - write[j]) * link[i, j] + write[i] * precedence[j]
    precedence = (1 - write.sum()) * precedence + write
    ways = [
        (linked.T @ read[r], content(said.read_keys[r], said.read_strengths[r]), linked @ read[r])
        for r in heads
    ]
    read = np.array([said.modes[r] @ np.array(ways[r]) for r in heads])
    return memory, used, linked, precedence, write, read


def test_a_whole_computer_is_that_of_the_paper():
    params = contract.params_of(MEMORY)["params"]
    # From a state in use: of slots used equally, rounding would decide which is the freest.
    boundaries = jnp.zeros_like(contract.BOUNDARIES)
    used, _ = contract.run(MEMORY, MEMORY.initial_state(8), contract.EVENTS, boundaries)
    events = contract.draw_events(5)
    state, outs = contract.run(MEMORY, used, events, boundaries)

    cell = nn.OptimizedLSTMCell(MEMORY.hidden)
    for b in range(2):
        *places, reads, carry = jax.tree.map(lambda x, b=b: np.asarray(x[b], np.float64), used)
        for t in range(contract.T):
            seen = jnp.concatenate([events.fused[b, t], reads.ravel()])
            carry, hidden = cell.apply({"params": params["step"]["controller"]}, carry, seen)
            vector = hidden @ params["step"]["interface"]["kernel"]
            vector += params["step"]["interface"]["bias"]
            said = jax.tree.map(np.asarray, dnc.interface(vector, *reads.shape))
            places = numpy_step(said, *places)
            reads = places[-1] @ places[0]
            out = np.concatenate([hidden, reads.ravel()]) @ params["out"]["kernel"]
            np.testing.assert_allclose(out + params["out"]["bias"], outs[b, t, 0], atol=1e-3)
        expected = jax.tree.map(lambda x, b=b: x[b], state[: len(places)])
        chex.assert_trees_all_close(expected, tuple(places), atol=1e-3)
