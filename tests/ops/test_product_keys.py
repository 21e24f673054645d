"""Lookup by product keys against all keys written out, on one device and spread over eight."""

import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

from memlearn import mesh
from memlearn.ops import product_keys
from memlearn.types import DEVICES

B, S, K, V = 16, 8, 6, 5


def draw(queries=B):
    rng = np.random.default_rng(0)
    shapes = dict(q=(queries, K), left=(S, K // 2), right=(S, K // 2), values=(S * S, V))
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def written_out(q, left, right, values, k):
    """The same, from all S^2 keys."""
    keys = jnp.concatenate([jnp.repeat(left, S, axis=0), jnp.tile(right, (S, 1))], axis=1)
    scores, slots = jax.lax.top_k(q @ keys.T, k)
    return jnp.einsum("bk,bkv->bv", jax.nn.softmax(scores), values[slots])


def looked_up(q, left, right, values, k):
    found = product_keys.search(q, left, right, k)
    return jnp.einsum("bk,bkv->bv", jax.nn.softmax(found.scores), values[found.slots])


def spread(q, left, right, values, k):
    read, part = functools.partial(product_keys.read_sharded, k=k, axis_name=DEVICES), P(DEVICES)
    specs = dict(in_specs=(part, part, P(), part), out_specs=part)
    mapped = jax.shard_map(read, mesh=mesh.of(jax.devices()), **specs)
    return mapped(q, left, right, values)


@pytest.mark.parametrize("form", [looked_up, spread])
@pytest.mark.parametrize("k", [1, 5, S + 3, S * S])
def test_it_equals_all_keys_written_out(form, k):
    """Spread over eight devices, each has one left half: fewer than k slots, or more."""

    def energy(arguments, form):
        weights = np.random.default_rng(1).normal(size=(B, V))
        result = form(**arguments, k=k)
        return jnp.vdot(result, weights), result

    with jax.enable_x64(True):
        compare = jax.jit(jax.grad(energy, has_aux=True), static_argnums=1)
        found, expected = (compare(draw(), each) for each in (form, written_out))
        chex.assert_trees_all_close(found, expected, rtol=1e-12, atol=1e-12)


def test_slots_are_the_best_and_no_two_the_same():
    given = draw()
    found = product_keys.search(given["q"], given["left"], given["right"], 9)
    scores = (
        given["q"]
        @ np.concatenate(
            [np.repeat(given["left"], S, axis=0), np.tile(given["right"], (S, 1))], axis=1
        ).T
    )
    np.testing.assert_array_equal(found.slots, np.argsort(-scores, axis=1)[:, :9])
    np.testing.assert_allclose(found.scores, -np.sort(-scores, axis=1)[:, :9], rtol=1e-5)


def test_a_gradient_by_rows_has_no_array_of_all_slots():
    side, k = 256, 4
    keys = [jnp.ones((side, K // 2))] * 2

    def energy(arguments, values):
        found = product_keys.search(*arguments, k)
        return jnp.sum(found.scores[..., None] * jax.lax.stop_gradient(values)[found.slots])

    given = (jnp.ones((2, K)), *keys), jnp.ones((side * side, V))
    program = jax.jit(jax.grad(energy)).lower(*given).compile()
    assert program.memory_analysis().temp_size_in_bytes < side * side


def test_what_does_not_fit_is_refused():
    given = {name: jnp.asarray(x) for name, x in draw().items() if name != "values"}
    for spoil in (dict(k=0), dict(k=S * S + 1), dict(k=2, left=jnp.ones((S, K)))):
        with pytest.raises((AssertionError, ValueError)):
            product_keys.search(**{**given, **spoil})
