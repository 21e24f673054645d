"""The shipped studies: what is said of their variants holds."""

import functools

import jax
import pytest

from experiments import ablate
from experiments.ablations import admission, budget, keys, lag, memories, placement, survival
from experiments.configs import mixture
from memlearn import build
from memlearn.evaluation import study
from memlearn.memory import designs
from tests.worlds import lessons

REFERENCE = "learned"
OF_SLOTS = sorted(set(designs.DESIGNS) - {REFERENCE})


def test_a_budget_is_scored_once():
    config = mixture.get_config("study")
    budgets = [int(build.policy(config).initial_state(1, x)[0].budget[0]) for x in budget.SHARES]
    assert budgets == sorted(set(budgets)) and budgets[-1] == config.memory.slots


def test_the_learned_memory_is_one_run_for_all_studies():
    plain = study.digest(mixture.get_config("study"))
    for sweep in (admission.sweep, keys.sweep, lag.sweep, placement.sweep, survival.sweep):
        config = mixture.get_config("study")
        config.update_from_flattened_dict(sweep()["learned"])
        assert study.digest(ablate.shortened(config)) == plain
    config.memory.survival = "none"
    assert study.digest(ablate.shortened(config)) != plain


@functools.cache
def built(memory):
    """The policy of a variant of `memories`."""
    config = mixture.get_config("study")
    config.update_from_flattened_dict(memories.sweep()[memory])
    return build.policy(config)


@functools.cache
def parameters(memory):
    """The number of parameters of a variant; nothing is computed."""
    policy, key = built(memory), jax.random.key(0)
    steps = jax.eval_shape(lessons()[2], key, 0)  # they do not depend on how long a lifetime is
    init = jax.eval_shape(policy.init, key, policy.initial_state(steps.question.shape[0]), steps)
    return study.sizes(policy, init["params"])["parameters"]


@pytest.mark.parametrize("memory", ["fifo_retrieval", "gru", "lstm", "dnc"])  # the furthest apart
def test_memories_have_equal_parameters(memory):
    assert parameters(memory) == pytest.approx(parameters(REFERENCE), rel=0.1)


@pytest.mark.parametrize("memory", [*OF_SLOTS, "dnc"])
def test_memories_of_slots_have_equal_bytes(memory):
    reference = sum(study.layer_bytes(built(REFERENCE)))
    assert sum(study.layer_bytes(built(memory))) == pytest.approx(reference, rel=0.03)
