"""Memories of memax: what is true of any memory is in test_contract.py, and held to here."""

import functools
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from memlearn.memory.fixed.memax import KINDS, WINDOW, MemaxMemory
from memlearn.types import LIFETIME, UserError
from tests.memory import test_contract as contract

CLAUSES = {
    "acting": contract.test_acting_equals_training,
    "halves": contract.test_two_halves_equal_the_whole,
    "fresh": contract.test_a_lifetime_boundary_equals_a_fresh_start,
    "causal": contract.test_no_output_depends_on_later_events,
    "finite": contract.test_gradients_are_finite_on_zeros_and_constants,
    "float32": functools.partial(contract.test_dtypes_are_kept, dtype=jnp.float32),
    "bfloat16": functools.partial(contract.test_dtypes_are_kept, dtype=jnp.bfloat16),
    "devices": contract.test_one_by_one_a_batch_and_a_sharded_batch_agree,
    "saved": contract.test_a_state_can_be_saved_and_read,
    "trace": contract.test_a_trace_is_built_only_when_asked_for,
}


@pytest.fixture(params=KINDS)
def memory(request):
    pytest.importorskip("memax")
    return MemaxMemory(**contract.EVENT, kind=request.param, recurrent_size=8)


@pytest.mark.parametrize("clause", CLAUSES.values(), ids=CLAUSES)
def test_the_contract_is_kept(memory, clause):
    clause(memory)


def test_attention_forgets_an_event_that_leaves_its_window():
    pytest.importorskip("memax")
    memory = MemaxMemory(**contract.EVENT, kind="attention", recurrent_size=8)
    draws = [contract.draw_events(seed) for seed in (0, 1, 2)]
    events = jax.tree.map(lambda *x: jnp.concatenate(x, 1), *draws)
    boundaries = jnp.zeros(events.fused.shape[:2], jnp.int32).at[:, 0].set(LIFETIME)
    start, other = memory.initial_state(contract.B), events.fused.at[:, 0].add(1.0)
    whole = contract.run(memory, start, events, boundaries)[1]

    changed, state = [], start
    for piece in ((0, WINDOW), (WINDOW, WINDOW + 5), (WINDOW + 5, None)):
        inputs = contract.cut((events._replace(fused=other), boundaries), *piece)
        state, out = contract.run(memory, state, *inputs)
        changed.append(out)
    gap = np.abs(jnp.concatenate(changed, 1) - whole).max((0, 2))
    assert (gap[:WINDOW] > 1e-3).all() and (gap[WINDOW:] < 2e-5).all()


def test_without_memax_the_error_says_what_to_install(monkeypatch):
    for name in ("equinox", "memax"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UserError) as error:
        MemaxMemory(**contract.EVENT, kind="lru", recurrent_size=8).initial_state(1)
    assert "pip install -e '.[memax]'" in str(error.value) and "\n" not in str(error.value)
