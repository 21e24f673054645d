"""A store of many slots against one whose every state is kept."""

import functools
import re

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

from memlearn import mesh
from memlearn.ops import store
from memlearn.ops.store import Steps, Store
from memlearn.types import DEVICES

N, V, COUNT = 12, 3, 4


def draw(time, starts=0.1):
    """Random steps in float64; a few lifetimes."""
    rng = np.random.default_rng(time)

    def some():
        return np.stack([rng.permutation(N)[:COUNT] for _ in range(time)]).astype(np.int32)

    life = np.cumsum(rng.random(time) < starts).astype(np.int32)
    w, p = rng.random((2, time, COUNT))
    steps = Steps(some(), w, rng.normal(size=(time, V)), some(), p, life)
    lives = rng.integers(-1, 1, size=N).astype(np.int32)
    return Store(rng.normal(size=(N, V)), lives), steps


def written_out(held, steps):
    """The definition: every row is set to 0 where a lifetime starts."""
    values, life, reads = jnp.where(held.lives[:, None] == 0, held.values, 0), 0, []
    for t in range(len(steps.life)):
        if steps.life[t] != life:
            values, life = jnp.zeros_like(values), steps.life[t]
        reads.append(steps.p[t] @ values[steps.asked[t]])
        share = jnp.zeros(N).at[steps.written[t]].set(steps.w[t])[:, None]
        values = (1 - share) * values + share * steps.v[t]
    return jnp.stack(reads), values


def energy(form):
    """Of outputs, with random weights; the gradient by all that is real."""

    def functional(real, held, steps):
        held = held._replace(values=real["values"])
        reads, after = form(held, steps._replace(**{x: real[x] for x in "wvp"}))
        rng = np.random.default_rng(0)
        weights = rng.normal(size=reads.shape), rng.normal(size=after.shape)
        return jnp.vdot(reads, weights[0]) + jnp.vdot(after, weights[1]), (reads, after)

    return jax.grad(functional, has_aux=True)


def stored(held, steps):
    reads, after = store.write_and_read(held, steps)
    return reads, jnp.where(after.lives[:, None] == steps.life[-1], after.values, 0)


def stored_on_four_devices(held, steps):
    take = functools.partial(store.write_and_read_sharded, axis_name=DEVICES)
    specs = dict(in_specs=(P(None, DEVICES), P()), out_specs=(P(), P(None, DEVICES)))
    spread = jax.shard_map(jax.vmap(take), mesh=mesh.of(jax.devices()[:4]), **specs)
    one_of_many = jax.tree.map(lambda x: x[None], (held, steps))
    reads, after = jax.tree.map(lambda x: x[0], spread(*one_of_many))
    return reads, jnp.where(after.lives[:, None] == steps.life[-1], after.values, 0)


@pytest.mark.parametrize("form", [stored, stored_on_four_devices])
@pytest.mark.parametrize("time, starts", [(1, 0.0), (7, 0.0), (23, 0.1), (9, 1.0)])
def test_it_equals_the_definition_and_so_does_its_gradient(time, starts, form):
    with jax.enable_x64(True):
        held, steps = draw(time, starts)
        real = dict(values=held.values, w=steps.w, v=steps.v, p=steps.p)
        found, expected = (energy(each)(real, held, steps) for each in (form, written_out))
        chex.assert_trees_all_close(found, expected, rtol=1e-12, atol=1e-12)


def test_by_hand():
    held = store.empty(3, 1)
    w, v = jnp.array([[1.0], [0.5], [0.0], [0.5]]), jnp.array([[2.0], [4.0], [4.0], [4.0]])
    slots, p = jnp.ones((4, 1), jnp.int32), jnp.ones((4, 1))
    steps = Steps(slots, w, v, slots, p, jnp.array([0, 0, 0, 1]))
    reads, after = store.write_and_read(held, steps)
    # What is written now is read later, and forgotten where a life starts.
    np.testing.assert_array_equal(reads, [[0.0], [2.0], [3.0], [0.0]])
    np.testing.assert_array_equal(after.values, [[0.0], [2.0], [0.0]])
    np.testing.assert_array_equal(after.lives, [-1, 1, -1])


def total(v):
    """Of what is read of a large store, in which v is written, step by step."""
    ones, slots = jnp.ones((len(v), 2)), jnp.broadcast_to(jnp.arange(2), (len(v), 2))
    steps = Steps(slots, ones, v, slots, ones, jnp.zeros(len(v), jnp.int32))
    return jnp.sum(store.write_and_read(store.empty(4096, 16), steps)[0])


def test_a_gradient_does_not_keep_the_store_of_every_step():
    def cost(time):
        program = jax.jit(jax.grad(total)).lower(jnp.ones((time, 16))).compile()
        return program.memory_analysis().temp_size_in_bytes

    assert cost(256) - cost(2) < sum(x.nbytes for x in store.empty(4096, 16))


@pytest.mark.parametrize("wrap", [lambda f: f, jax.vmap], ids=["one", "many"])
def test_it_is_written_in_place(wrap):
    v = jnp.ones((8, 16)) if wrap is not jax.vmap else jnp.ones((2, 8, 16))
    program = jax.jit(wrap(total)).lower(v).compile().as_text()
    assert "4096,16]" in program
    assert not re.search(r"(f32\[(2,)?4096,16|s32\[(2,)?4096)\]\S* copy\(", program)


def test_many_stores_are_mapped():
    with jax.enable_x64(True):
        held, steps = draw(8)
        two = jax.tree.map(lambda x: jnp.stack([x, x[::-1]]), (held, steps))
        reads, _ = jax.vmap(store.write_and_read)(*two)
        np.testing.assert_allclose(reads[0], store.write_and_read(held, steps)[0], rtol=1e-12)


def test_what_does_not_fit_is_refused():
    held, steps = draw(4)
    float32 = jax.tree.map(lambda x: x.astype(np.float32) if x.dtype == float else x, (held, steps))
    held, steps = float32
    for name in ("w", "asked", "life"):
        for spoilt in (getattr(steps, name)[:2], getattr(steps, name) + np.float32(0.5)):
            if (name, spoilt.shape) != ("w", steps.w.shape):
                with pytest.raises(AssertionError):
                    store.write_and_read(held, steps._replace(**{name: spoilt}))
