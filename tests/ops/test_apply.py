"""Which form of the slot op is taken, and that acting writes the slots in place."""

import chex
import jax
import jax.numpy as jnp
import pytest

from memlearn.ops.slots import SlotState, apply, choose, scan

B, N, K, V = 3, 16, 8, 8


@pytest.mark.parametrize(
    "time, banks, dtype, backend, form",
    [
        (1, 512, jnp.bfloat16, "cpu", "step"),
        (1, 512, jnp.bfloat16, "gpu", "step"),
        (2, 32, jnp.float32, "cpu", "chunk"),
        (1024, 512, jnp.bfloat16, "cpu", "chunk"),
        (1024, 512, jnp.bfloat16, "gpu", "pallas"),
        (1024, 32, jnp.bfloat16, "gpu", "chunk, all at once"),
        (1024, 512, jnp.float32, "gpu", "chunk, all at once"),
        (1024, 512, jnp.bfloat16, "tpu", "chunk, all at once"),
    ],
)
def test_the_form_depends_on_sizes_and_device(time, banks, dtype, backend, form):
    assert choose(time, banks, dtype, backend) == form


def arguments(time):
    """Arguments of the op but `state`, all ones."""
    ones = {name: jnp.ones((B, time, K)) for name in "qkv"}
    gates = dict(w=jnp.ones((B, time, N)), g=-jnp.ones((B, time, N)))
    init = SlotState(jnp.ones((N, K)), jnp.ones((N, V)))
    return ones | gates | dict(resets=jnp.zeros((B, time), bool), init=init)


def test_a_step_writes_in_place_and_does_not_loop():
    state = SlotState(jnp.ones((B, N, K)), jnp.ones((B, N, V)))
    act = jax.jit(lambda state: apply(state=state, **arguments(1)), donate_argnums=0)
    program = act.lower(state).compile()
    assert program.memory_analysis().alias_size_in_bytes == sum(x.nbytes for x in state)
    assert "while" not in program.as_text()
    act(state)
    assert all(x.is_deleted() for x in state)


def test_many_steps_are_taken_in_chunks():
    state = SlotState(jnp.ones((B, N, K)), jnp.ones((B, N, V)))
    taken = jax.make_jaxpr(lambda state: apply(state=state, **arguments(64)))(state)
    assert "length=2" in str(taken)  # chunks of 32 steps


@pytest.mark.parametrize("time", [1, 40])
def test_it_computes_what_the_scan_does(time):
    state = SlotState(jnp.ones((B, N, K)), jnp.ones((B, N, V)))
    found, expected = (op(state=state, **arguments(time)) for op in (apply, scan))
    chex.assert_trees_all_close(found, expected, rtol=5e-6)


def test_the_default_device_is_the_one_jax_has():
    few = 64, B, jnp.float32
    assert choose(*few) == choose(*few, jax.default_backend()) == "chunk"
