"""The parts of structure by hand, and a whole slot memory against its equations in numpy."""

import functools
import math

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from memlearn.memory import access, designs, keys, routing
from memlearn.memory.slot_memory import SlotMemory, silenced
from memlearn.types import EPISODE, LIFETIME
from tests.memory import test_contract as contract


def traced(memory, params, events):
    """The trace of a memory over the events of the contract's boundaries."""
    look = jax.jit(functools.partial(memory.apply, trace=True))
    return look(params, memory.initial_state(contract.B), events, contract.BOUNDARIES)[2]


def test_closed_slots_are_neither_written_nor_read():
    memory = contract.MEMORIES["counted"]
    params = jax.tree.map(lambda x: x, contract.params_of(memory))  # a copy
    gate = params["params"]["count"]["number"]
    gate["kernel"], gate["bias"] = 10 * gate["kernel"], jnp.full(2, -1.0)
    trace = traced(memory, params, contract.EVENTS)
    assert trace.open.min() < 0.5 and trace.open.max() > 2, "it depends on the context"
    few = np.asarray(trace.open < 0.75)  # n < 2: the last two are closed
    assert np.all(trace.write[few][..., 2:] == 0) and np.any(trace.write[~few][..., 2:] > 0.1)
    assert trace.read[few][..., 2:].max() < 0.01
    everything = traced(contract.MEMORIES["learned"], contract.params_of(memory), contract.EVENTS)
    np.testing.assert_array_equal(everything.open, 4)


def test_routes_are_relative_to_the_busiest_bank():
    router = routing.BankRouter("learned", banks=3, top=3)
    context, present = jnp.ones((1, 1, 2)), jnp.array([[[True, False]]])
    params = router.init(jax.random.key(0), context, present)["params"]
    np.testing.assert_allclose(router.apply({"params": params}, context, present), 1.0)
    params["Dense_0"]["bias"] = jnp.log(jnp.array([0.5, 0.3, 0.2]))
    route, sown = router.apply({"params": params}, context, present, mutable=["routing"])
    np.testing.assert_allclose(route[0, 0], [1.0, 0.6, 0.4], rtol=1e-5)
    np.testing.assert_allclose(sown["routing"]["shares"][0], [0.5, 0.3, 0.2], rtol=1e-5)
    few = routing.BankRouter("learned", banks=3, top=2)
    start = few.init(jax.random.key(0), context, present)
    assert few.apply(start, context, present).sum() == 2, "not more, where all are alike"
    route = few.apply({"params": params}, context, present)
    np.testing.assert_allclose(route[0, 0], [1.0, 0.6, 0.0], rtol=1e-5)
    by_modality = routing.BankRouter("by_modality", banks=3, top=3)
    np.testing.assert_array_equal(by_modality.apply({}, context, present)[0, 0], [1, 0, 1])


def test_banks_begin_by_asking_for_what_they_file():
    memory = contract.MEMORIES["learned"]
    state = memory.initial_state(contract.B)
    init = jax.jit(memory.init)
    params = init(jax.random.key(0), state, contract.EVENTS, contract.BOUNDARIES)["params"]
    everything = contract.EVENTS._replace(present=jnp.ones_like(contract.EVENTS.present))
    trace = traced(memory, {"params": params}, everything)
    for sources in (trace.key_sources, trace.query_sources):
        np.testing.assert_array_equal(sources[..., 0, :].argmax(-1), 0)
        np.testing.assert_array_equal(sources[..., 1, :].argmax(-1), 2)  # what was recalled
    # Sources 0 to 3 are of this event, 4 to 7 of the one before.
    start = keys._first_sources(banks=5, sources=8, recalled=2, leads=2, lags=2)
    np.testing.assert_array_equal(start["key"].argmax(-1), [0, 2, 4, 6, 0])
    np.testing.assert_array_equal(start["query"].argmax(-1), [0, 2, 0, 2, 0])
    nothing_recalled = keys._first_sources(banks=5, sources=8, recalled=0, leads=2, lags=2)["query"]
    np.testing.assert_array_equal(nothing_recalled.argmax(-1), [0, 1, 0, 1, 0])


def test_slots_beyond_the_budget_are_not_used():
    memory = contract.MEMORIES["learned"]
    share = jnp.array([0.1, 0.25, 0.3, 0.5, 0.6, 0.75, 0.9, 1.0])
    state = memory.limit(memory.initial_state(contract.B), share)
    budget = np.array([1, 1, 2, 2, 3, 3, 4, 4])
    np.testing.assert_array_equal(state.budget, budget)
    look = jax.jit(functools.partial(memory.apply, trace=True))
    after, _, trace = look(contract.params_of(memory), state, contract.EVENTS, contract.BOUNDARIES)
    beyond = (np.arange(4) >= budget[:, None])[:, None, None]
    assert np.all(np.where(beyond, trace.write, 0) == 0)
    assert np.all(np.where(beyond, trace.read, 0) == 0)
    assert np.all(np.where(beyond[:, 0], after.contents.occupancy, 0) == 0)
    assert np.all(np.where(beyond, 1, trace.write) > 0), "and all others are, if ever so little"
    np.testing.assert_array_equal(after.budget, budget)
    least = memory.limit(memory.initial_state(contract.B), 1e-6)
    np.testing.assert_array_equal(least.budget, 1)


def test_the_event_before_is_no_source_of_the_present():
    memory = contract.MEMORIES["random_write"]
    trace = traced(memory, contract.params_of(memory), contract.EVENTS)
    something = np.asarray(contract.EVENTS.present.any(-1))
    for sources in np.asarray(trace.key_sources), np.asarray(trace.query_sources):
        assert np.all(sources[..., 3:] == 0)
        np.testing.assert_allclose(sources[..., :3].sum(-1)[something], 1, rtol=1e-5)


def test_what_is_being_written_is_not_read():
    """A question finds what came before it, however much it resembles itself."""
    unit = jnp.eye(3)[None, :, None]  # three events, each under a key of its own
    asked = jnp.stack([unit[:, 0], unit[:, 1], unit[:, 0]], axis=1)  # the last asks for the first
    places = jnp.eye(4)[None, :3, None]
    arguments = dict(
        contents=access.empty(1, 1, 4, 3, 3, jnp.float32), query=asked, key=asked, value=unit,
        write=places, decay=jnp.zeros((1, 3, 1, 4)), resets=jnp.zeros((1, 3), bool),
        usable=jnp.ones((1, 4), bool), share=1.0,
    )  # fmt: skip
    (_, mass, _, read, _), _ = access.Access().init_with_output(jax.random.key(0), **arguments)
    np.testing.assert_allclose(mass[0, :, 0], [0, 0, 1], atol=1e-3)
    np.testing.assert_allclose(read[0, 2, 0, [0, 2]], [1, 0], atol=1e-3)
    assert read[0, 1, 0, 1] < 1e-3, "nor where nothing else resembles it"


def test_absent_sources_have_no_part_in_an_address():
    memory = contract.MEMORIES["learned"]
    events, boundaries = contract.EVENTS, contract.BOUNDARIES
    trace = traced(memory, contract.params_of(memory), events)
    for sources in np.asarray(trace.key_sources), np.asarray(trace.query_sources):
        now, before = sources[..., :3], sources[..., 3:]
        absent = ~np.asarray(events.present)
        assert np.all(now[absent[:, :, None].repeat(2, 2)] == 0)
        assert np.all(before[:, 1:][absent[:, :-1, None].repeat(2, 2)] == 0)
        assert np.all(before[np.asarray(boundaries) == LIFETIME] == 0)


def test_a_bank_of_one_modality_files_and_asks_under_it():
    events, memory = contract.EVENTS, contract.MEMORIES["modality_banks"]
    trace = traced(memory, contract.params_of(memory), events)
    for sources in np.asarray(trace.key_sources), np.asarray(trace.query_sources):
        for bank in range(2):
            np.testing.assert_array_equal(sources[:, :, bank, bank], events.present[..., bank])
            assert not np.delete(sources[:, :, bank], bank, axis=-1).any()


def test_static_structure_is_the_same_at_every_step():
    memory = contract.MEMORIES["static"]
    trace = traced(memory, contract.params_of(memory), contract.EVENTS)
    for gate in (trace.admission, trace.fresh, trace.write_banks):
        np.testing.assert_array_equal(gate, jnp.broadcast_to(gate[:1, :1], gate.shape))


def test_an_unknown_rule_is_refused():
    with pytest.raises(ValueError, match="no rule of placement is called 'hashed'; there are"):
        SlotMemory(**contract.EVENT, **contract.SIZES, **{**designs.LEARNED, "placement": "hashed"})


def test_silenced_a_memory_remembers_as_before_and_recalls_nothing():
    memory = contract.MEMORIES["learned"]
    params = contract.params_of(memory)
    begin = memory.initial_state(contract.B), contract.EVENTS, contract.BOUNDARIES
    state, out, _ = memory.apply(params, *begin)
    quiet, nothing, _ = memory.apply({"params": silenced(params["params"])}, *begin)
    chex.assert_trees_all_equal(quiet, state)
    assert np.all(nothing == 0) and np.all(np.any(out != 0, axis=-1))


def test_a_slot_memory_equals_its_equations():
    """One lifetime of the batch, bank by bank and step by step, in float64."""
    memory = contract.MEMORIES["learned"]
    params = contract.params_of(memory)
    _, out = contract.run(memory, memory.initial_state(8), contract.EVENTS, contract.BOUNDARIES)
    p = jax.tree.map(lambda x: np.asarray(x, np.float64), params["params"])
    events = jax.tree.map(lambda x: np.asarray(x[0], np.float64), contract.EVENTS)
    expected = _by_hand(p, events, np.asarray(contract.BOUNDARIES[0]))
    np.testing.assert_allclose(out[0], expected, atol=1e-4)


def _by_hand(p, events, boundaries, banks=2, slots_per_bank=4):
    def dense(layer, x):
        return x @ layer["kernel"].reshape(x.size, -1) + layer["bias"].ravel()

    def route(layer, c):
        shares = _softmax(dense(layer["Dense_0"], c))
        return shares / shares.max()

    a = p["access"]
    first = a["first_keys"], a["first_values"], _sigmoid(a["first_occupancy"])
    first = [np.repeat(x, slots_per_bank, axis=1) for x in first]  # all slots begin alike
    read = "sharpness", "rate", "steepness", "threshold", "margin"
    tau, rate, nu, theta, delta = (np.log1p(np.exp(a[name])) for name in read)
    pointer, outs = np.zeros(banks, int), []
    K, V, occupancy, age = (np.zeros((banks, slots_per_bank, n)) for n in (5, 6, 1, 1))
    occupancy, age = occupancy[..., 0], age[..., 0]
    before = np.zeros((3, 5)), np.zeros(3)
    for e, present, c, code in zip(*events, boundaries):
        if code == LIFETIME:
            K, V, occupancy = (x.copy() for x in first)
            age, pointer, before = (
                np.zeros_like(age),
                np.zeros(banks, int),
                (before[0] * 0, [0] * 3),
            )
        maps = np.concatenate([p["maps"]["maps"], p["keys"]["recalled"]["maps"]])
        addresses = np.einsum("md,mdk->mk", e, maps)
        sources = np.concatenate([addresses, before[0]])
        there = np.concatenate([present, before[1]]).astype(bool)
        before = addresses, present
        value = dense(p["value"], e.ravel()).reshape(banks, -1)
        value += np.tensordot(c, p["value_fused"]["kernel"], 1)
        c = c / math.sqrt(c.size)  # by which structure is decided
        admission = _sigmoid(dense(p["admission"]["gate"], c))[0]
        write_route, read_route = route(p["write_banks"], c), route(p["read_banks"], c)
        outs.append([])
        for h in range(banks):

            def address(name, h=h, c=c, there=there, sources=sources):
                logits = np.einsum("d,ds->s", c, p["keys"][name]["kernel"][:, h])
                logits = np.where(there, logits + p["keys"][f"{name}_bias"][h], -np.inf)
                return _unit(_softmax(logits) @ sources) if there.any() else np.zeros(5)

            key, query = address("key"), address("query")
            routed = _softmax(p["placement"]["router"]["prototypes"][h] @ key)
            gate = _sigmoid(dense(p["placement"]["gate"], c))[h]
            fresh = np.eye(slots_per_bank)[pointer[h]]
            written = admission * write_route[h]
            pointer[h] = (pointer[h] + round(written)) % slots_per_bank
            w = written * (gate * fresh + (1 - gate) * routed)
            r = p["retention"]
            keep = _sigmoid(dense(r["keep"], c))[h]
            keep *= _sigmoid(r["survive"][h]) if code == EPISODE else 1
            keep = keep * (1 - _sigmoid(dense(r["overwrite"], c))[h] * np.minimum(w, 1))
            keep = math.exp(-5) + (1 - math.exp(-5)) * keep
            past = (1 - np.minimum(w, 1)) * keep * occupancy[h]
            K[h] = keep[:, None] * K[h] + np.outer(w, key)
            V[h] = keep[:, None] * V[h] + np.outer(w, value[h])
            occupancy[h] = keep * occupancy[h] + w
            age[h] = (1 - np.minimum(w, 1)) * (age[h] + 1)
            match = K[h] @ query - w * (key @ query)
            weights = _softmax(tau[h] * match + np.log(past + 1e-4) - rate[h] * age[h])
            mass = np.sum(_sigmoid(nu[h] * (match - theta[h])) * past)
            tally = np.sum(_sigmoid(nu[h] * (match - match.max() + delta[h])) * past)
            passed = [
                _sigmoid(4 * (amount - p[name]["marks"][h]))
                for name, amount in (("mass", mass), ("tally", tally))
            ]
            told = np.concatenate(passed) @ p["amounts"][h]
            outs[-1].append(read_route[h] * (weights @ V[h] @ p["out"][h] + told))
    return np.array(outs)


def _softmax(x):
    x = np.exp(x - x.max())
    return x / x.sum()


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _unit(x):
    return x / np.sqrt(np.sum(x * x) + 1e-6)
