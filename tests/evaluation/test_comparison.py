"""Means, intervals and differences of a study, by hand."""

import math

import numpy as np
import pytest

from memlearn.evaluation import comparison, estimate
from memlearn.evaluation.comparison import MEAN
from memlearn.evaluation.estimate import Estimate
from tests.evaluation.studies import SCORES, T, line, lines


def close(found, mean, half):
    np.testing.assert_allclose(found, (mean, mean - half, mean + half), atol=1e-6)


def test_seeds_have_the_interval_of_students_t():
    close(estimate.over_seeds([Estimate(x) for x in (0.1, 0.2, 0.3)]), 0.2, 0.1 * T)
    close(estimate.over_seeds([Estimate(0.4), Estimate(0.6)]), 0.5, 12.7062 * 0.1)


def test_one_seed_keeps_its_interval_over_lifetimes_and_none_has_nothing():
    assert estimate.over_seeds([Estimate(0.5, 0.4, 0.7)]) == (0.5, 0.4, 0.7)
    assert math.isnan(estimate.over_seeds([]).mean)
    assert not estimate.over_seeds([Estimate(0.5)]).excludes_zero, "nothing tells how sure it is"


def test_held_out_scores_by_task_and_their_mean():
    found = comparison.estimates(comparison.held_out(lines(SCORES)))
    assert list(found) == ["a", "b"] and list(found["a"]) == ["order", "rule", MEAN]
    close(found["a"]["order"], 0.2, 0.1 * T)
    close(found["b"]["order"], 0.4, 0.2 * T)
    close(found["a"][MEAN], 0.4, 0.1 * T)  # of the means of the seeds: .3, .4, .5


def test_a_mean_over_tasks_is_of_the_seeds_that_met_all():
    partly = comparison.held_out(lines({("a", "order"): (0.1, 0.3), ("a", "rule"): (0.5,)}))
    assert {seed: score.mean for seed, score in partly["a"][MEAN].items()} == {0: 0.3}
    alone = comparison.held_out(lines({("a", "order"): (0.1, 0.3)}))
    assert list(alone["a"]) == ["order"], "of one task there is no mean"


def test_differences_are_in_pairs_of_the_same_seed():
    shuffled = lines(SCORES)[::2] + lines(SCORES)[1::2]
    found = comparison.estimates(comparison.against_first(shuffled))["b"]
    close(found["order"], 0.2, 0.1 * T)
    close(found["rule"], 0, 0)
    close(found[MEAN], 0.1, 0.05 * T)
    assert not found["order"].excludes_zero and not found["rule"].excludes_zero


def test_differences_that_all_seeds_agree_on_exclude_zero():
    found = comparison.against_first(
        lines({("a", "order"): (0.1, 0.5, 0.9), ("b", "order"): (0.0, 0.39, 0.8, 0.1)})
    )["b"]
    assert list(found["order"]) == [0, 1, 2], "the fourth seed has no pair"
    close(comparison.estimates({"b": found})["b"]["order"], -0.31 / 3, 0.01 / 3**0.5 * T)
    assert comparison.estimates({"b": found})["b"]["order"].excludes_zero


def test_what_extrapolation_loses_and_what_is_left_without_memory():
    for condition, loss in (("classes_x2", 0.1), ("delay_x4", 0.2)):
        lost = comparison.estimates(comparison.loses(lines(SCORES), condition))
        close(lost["a"][MEAN], loss, 0)
    close(comparison.estimates(comparison.control(lines(SCORES), "empty"))["b"]["rule"], 0.06, 0)
    assert comparison.chance(lines(SCORES)) == {"order": 0.05, "rule": 0.05, MEAN: 0.05}


def test_the_last_mark_of_each_variant_wins_and_variants_keep_their_places():
    old = [line("a", 0, "order", 0.1, mark="old"), line("b", 0, "order", 0.2, mark="other")]
    new = [line("a", seed, "order", 0.9) for seed in (0, 1)]
    assert comparison.newest([*old, *new]) == [*new, old[1]]


def test_lines_with_a_budget_are_set_apart():
    whole, cut = lines(SCORES), lines(SCORES, budget=8)
    assert comparison.split(whole + cut) == (whole, cut)


def test_capacity_is_by_slots():
    most = lines(SCORES, budget=8)
    found = comparison.capacity(most + lines({("a", "order"): (0.1, 0.1)}, budget=2))
    assert list(found) == ["a", "b"] and list(found["b"]) == ["order", "rule", MEAN]
    assert list(found["a"]["order"]) == [2, 8] and list(found["b"]["order"]) == [8]
    close(found["a"]["order"][2], 0.1, 0)
    close(found["a"]["order"][8], 0.2, 0.1 * T)
    assert math.isnan(found["a"]["rule"][2].mean) and math.isnan(found["a"][MEAN][2].mean)


@pytest.mark.parametrize(
    ("low", "high", "excluded"), [(-1, 1, False), (0.1, 1, True), (-1, 0, False)]
)
def test_zero_is_excluded_or_not(low, high, excluded):
    assert Estimate((low + high) / 2, low, high).excludes_zero == excluded
