"""The contract of `memory/base.py`, kept by every memory."""

import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import serialization
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

from memlearn import mesh
from memlearn.memory import designs
from memlearn.memory.fixed.dnc import DNCMemory
from memlearn.memory.fixed.gru import GRUMemory
from memlearn.memory.fixed.lstm import LSTMMemory
from memlearn.memory.fixed.none import NoMemory
from memlearn.memory.keys import Addresses
from memlearn.memory.knowledge import Knowledge
from memlearn.memory.slot_memory import SlotMemory
from memlearn.memory.store_memory import StoreMemory, StoreMemoryState
from memlearn.types import DEVICES, EPISODE, LIFETIME, NONE, Event
from tests.slow import SLOW

B, T, M, D = 8, 12, 3, 12
EVENT = dict(width=D, perceived=2, recalled=1)  # M modalities
SIZES = dict(
    banks=2, slots=4, value_width=6, maps=Addresses(5), leads=2, admission_rate=0.5, top_banks=2
)
STATIC = {
    **designs.LEARNED,
    **dict(conditioning="static", retention="fixed", survival="none"),
    **dict(addressing="two_maps", amounts="untold"),
}
BANK_MAPS = {**designs.LEARNED, "addressing": "bank_maps"}
PRESENT = {**designs.DESIGNS["random_write"], "addressing": "present"}
COUNTED = {**designs.LEARNED, "count": "learned", "addressing": "clock"}
DESIGNS = "learned", "window", "modality_banks"
MEMORIES = {
    # The other designs are made of the same rules.
    **{name: SlotMemory(**EVENT, **SIZES, **designs.DESIGNS[name]) for name in DESIGNS},
    "first": SlotMemory(D, perceived=M, recalled=0, **SIZES, **designs.DESIGNS["gated_slots"]),
    "random_write": SlotMemory(**EVENT, **SIZES, **PRESENT),
    "static": SlotMemory(**EVENT, **SIZES, **STATIC),
    "bank_maps": SlotMemory(**EVENT, **SIZES, **BANK_MAPS),
    "counted": SlotMemory(**EVENT, **SIZES, **COUNTED),
    "store": StoreMemory(
        **EVENT, banks=2, side=3, value_width=6, nearest=4, maps=Addresses(6), leads=2
    ),
    "knowledge": Knowledge(**EVENT, questions=2, side=3, value_width=6, key_width=6, nearest=4),
    "gru": GRUMemory(**EVENT, hidden=10),
    "lstm": LSTMMemory(**EVENT, hidden=10),
    "dnc": DNCMemory(**EVENT, slots=4, word_width=5, read_heads=2, hidden=8),
    "none": NoMemory(**EVENT),
}
SLOWER = "modality_banks", "random_write", "static", "bank_maps"
every_memory = pytest.mark.parametrize(
    "memory",
    [pytest.param(x, id=n, marks=[SLOW] * (n in SLOWER)) for n, x in MEMORIES.items()],
)


def draw_events(seed, dtype=np.float32):
    """Random events, with absent modalities, as an encoder would give them."""
    rng = np.random.default_rng(seed)
    present = rng.random((B, T, M)) < 0.7
    embeddings = rng.normal(size=(B, T, M, D)) * present[..., None]
    fused = rng.normal(size=(B, T, D))
    return Event(jnp.asarray(embeddings, dtype), jnp.asarray(present), jnp.asarray(fused, dtype))


def draw_boundaries(seed):
    """Boundary codes that begin with a lifetime, in which every code occurs."""
    rng = np.random.default_rng(seed)
    codes = rng.choice([NONE, EPISODE, LIFETIME], size=(B, T), p=[0.7, 0.15, 0.15])
    codes[:, 0] = LIFETIME
    return jnp.asarray(codes, jnp.int32)


EVENTS, BOUNDARIES = draw_events(0), draw_boundaries(1)


@functools.cache
def params_of(memory):
    """Parameters far from their initial values, so that every gate does something."""
    params = jax.jit(memory.init)(jax.random.key(0), memory.initial_state(B), EVENTS, BOUNDARIES)
    leaves, structure = jax.tree.flatten(dict(params=params.get("params", {})))
    keys = jax.random.split(jax.random.key(1), max(len(leaves), 1))
    noisy = [x + 0.5 * jax.random.normal(k, x.shape) for x, k in zip(leaves, keys)]
    return jax.tree.unflatten(structure, noisy)


@functools.partial(jax.jit, static_argnums=0)
def apply(memory, params, state, events, boundaries):
    state, out, _ = memory.apply(params, state, events, boundaries)
    return state, out


def run(memory, state, events, boundaries):
    return apply(memory, params_of(memory), state, events, boundaries)


def cut(tree, start, stop):
    return jax.tree.map(lambda x: x[:, start:stop], tree)


@every_memory
def test_acting_equals_training(memory):
    state, whole = run(memory, memory.initial_state(B), EVENTS, BOUNDARIES)
    acting, outs = memory.initial_state(B), []
    for t in range(T):
        step = cut(EVENTS, t, t + 1), cut(BOUNDARIES, t, t + 1)
        acting, out = run(memory, acting, *step)
        outs.append(out)
    chex.assert_trees_all_close(jnp.concatenate(outs, 1), whole, atol=2e-5)
    chex.assert_trees_all_close(acting, state, atol=2e-5)


@every_memory
def test_two_halves_equal_the_whole(memory):
    state, whole = run(memory, memory.initial_state(B), EVENTS, BOUNDARIES)
    middle, first = run(memory, memory.initial_state(B), cut(EVENTS, 0, 6), cut(BOUNDARIES, 0, 6))
    end, second = run(memory, middle, cut(EVENTS, 6, T), cut(BOUNDARIES, 6, T))
    chex.assert_trees_all_close(jnp.concatenate([first, second], 1), whole, atol=2e-5)
    chex.assert_trees_all_close(end, state, atol=2e-5)


@every_memory
def test_a_lifetime_boundary_equals_a_fresh_start(memory):
    used, _ = run(memory, memory.initial_state(B), draw_events(2), draw_boundaries(3))
    fresh = run(memory, memory.initial_state(B), EVENTS, BOUNDARIES)
    again = run(memory, used, EVENTS, BOUNDARIES)
    if isinstance(used, StoreMemoryState):  # what is forgotten is still there, and never read
        fresh, again = ((state.last, out) for state, out in (fresh, again))
    chex.assert_trees_all_close(again, fresh, atol=2e-5)


@every_memory
def test_no_output_depends_on_later_events(memory):
    state, params = memory.initial_state(B), params_of(memory)

    @functools.partial(jax.grad, argnums=(0, 1))
    def gradients_at(fused, embeddings, time):
        events = EVENTS._replace(fused=fused, embeddings=embeddings)
        return jnp.sum(jnp.sin(apply(memory, params, state, events, BOUNDARIES)[1][:, time]))

    for time in (0, 5):
        for gradient in jax.jit(gradients_at)(EVENTS.fused, EVENTS.embeddings, time):
            np.testing.assert_array_equal(gradient[:, time + 1 :], 0)

    # What a gradient cannot show: decisions that have none.
    later = jax.tree.map(
        lambda x, y: jnp.concatenate([x[:, :6], y[:, 6:]], 1), EVENTS, draw_events(9)
    )
    changed = run(memory, state, later, BOUNDARIES)[1]
    np.testing.assert_array_equal(changed[:, :6], run(memory, state, EVENTS, BOUNDARIES)[1][:, :6])


@functools.partial(jax.jit, static_argnums=0)
@functools.partial(jax.grad, argnums=(1, 2, 3), allow_int=True)
def gradients_of(memory, params, events, state):
    return jnp.sum(jnp.square(memory.apply(params, state, events, BOUNDARIES)[1] - 1.0))


@every_memory
def test_gradients_are_finite_on_zeros_and_constants(memory):
    for value in (0.0, 1.0):
        check_gradients_are_finite(memory, value)


def check_gradients_are_finite(memory, value):
    constant = jax.tree.map(lambda x: jnp.full_like(x, value), EVENTS)
    gradients = gradients_of(memory, params_of(memory), constant, memory.initial_state(B))
    floats = [x for x in jax.tree.leaves(gradients) if x.dtype != jax.dtypes.float0]
    assert floats
    chex.assert_tree_all_finite(floats)


@every_memory
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_dtypes_are_kept(memory, dtype):
    state = memory.initial_state(B)
    after, out = run(memory, state, draw_events(0, dtype), BOUNDARIES)
    assert out.dtype == dtype and out.shape == (B, T, memory.parts, D)
    chex.assert_trees_all_equal_shapes_and_dtypes(after, state)


@every_memory
def test_no_parameter_is_of_a_weak_type(memory):
    """Once it was updated it would be of another, and the second update be compiled anew."""
    arguments = jax.random.key(0), memory.initial_state(B), EVENTS, BOUNDARIES
    assert not any(x.weak_type for x in jax.tree.leaves(jax.eval_shape(memory.init, *arguments)))


@every_memory
def test_one_by_one_a_batch_and_a_sharded_batch_agree(memory):
    arguments = memory.initial_state(B), EVENTS, BOUNDARIES
    jitted = functools.partial(apply, memory, params_of(memory))
    plain = jitted(*arguments)[1]

    one_each = jax.tree.map(lambda x: x[:, None], arguments)
    mapped = jax.vmap(jitted)(*one_each)[1][:, 0]
    chex.assert_trees_all_close(mapped, plain, atol=2e-5)

    assert jax.device_count() == 8, "tests/conftest.py asks for eight virtual devices"
    part = NamedSharding(mesh.of(jax.devices()), P(DEVICES))
    spread = jax.device_put(arguments, part)
    chex.assert_trees_all_close(jitted(*spread)[1], plain, atol=2e-5)


@every_memory
def test_a_state_can_be_saved_and_read(memory):
    state, _ = run(memory, memory.initial_state(B), EVENTS, BOUNDARIES)
    saved = serialization.to_bytes(state)
    chex.assert_trees_all_equal(serialization.from_bytes(memory.initial_state(B), saved), state)


@every_memory
def test_a_trace_is_built_only_when_asked_for(memory):
    state = memory.initial_state(B)
    arguments = params_of(memory), state, EVENTS, BOUNDARIES
    assert jax.jit(memory.apply)(*arguments)[2] is None
    trace = jax.jit(functools.partial(memory.apply, trace=True))(*arguments)[2]
    if isinstance(memory, SlotMemory):
        chex.assert_shape([trace.write, trace.read], (B, T, 2, 4))
        np.testing.assert_allclose(trace.read.sum(-1), 1, rtol=1e-5)
        chex.assert_shape(trace.admission, (B, T))
