"""The parts of structure by hand, and a whole slot memory against its equations in numpy."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from memlearn.memory import access, designs, keys, routing, slots
from memlearn.memory.slot_memory import SlotMemory
from memlearn.types import EPISODE, LIFETIME
from tests.memory import test_contract as contract


def traced(memory, params, events):
    """The trace of a memory over the events of the contract's boundaries."""
    look = jax.jit(functools.partial(memory.apply, trace=True))
    return look(params, memory.initial_state(contract.B), events, contract.BOUNDARIES)[2]


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
    keep = jax.nn.sigmoid(6.0)
    np.testing.assert_allclose(decay[0, 0], slots.bounded_log(keep), rtol=1e-5)
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
    start = keys._first_sources(banks=5, sources=8, recalled=2, turns=4)
    np.testing.assert_array_equal(start["key"].argmax(-1), [0, 2, 4, 6, 0])
    np.testing.assert_array_equal(start["query"].argmax(-1), [0, 2, 0, 2, 0])
    nothing_recalled = keys._first_sources(banks=5, sources=8, recalled=0, turns=4)["query"]
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
