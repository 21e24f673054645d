"""Returns and advantages, worked by hand."""

import jax.numpy as jnp
import numpy as np

from memlearn.learning.returns import advantages, discounts
from memlearn.types import EPISODE, LIFETIME, NONE


def test_what_begins_next_says_how_much_it_counts():
    boundaries = jnp.array([[NONE, EPISODE, NONE, LIFETIME, NONE]])
    found = discounts(boundaries, within=0.9, across=0.5)
    np.testing.assert_allclose(found, [[0.9, 0.5, 0.9, 0.0, 0.9]])


def test_advantages_by_hand():
    rewards, values = jnp.array([[1.0, 0.0, 2.0]]), jnp.array([[0.5, 1.0, 0.0, 4.0]])
    gammas = jnp.array([[0.5, 0.5, 0.5]])
    # delta = 1 + .5 - .5, 0 + 0 - 1, 2 + 2 - 0; A_2 = 4, A_1 = -1 + .5 * .5 * 4, A_0 = 1
    np.testing.assert_allclose(advantages(rewards, values, gammas, 0.5), [[1.0, 0.0, 4.0]])


def test_nothing_passes_the_end_of_a_lifetime():
    rewards, values = jnp.array([[0.0, 1.0]]), jnp.array([[0.0, 0.0, 100.0]])
    gammas = discounts(jnp.array([[LIFETIME, LIFETIME]]), within=1.0, across=1.0)
    np.testing.assert_allclose(advantages(rewards, values, gammas, 1.0), [[0.0, 1.0]])


def test_an_answer_is_judged_by_its_own_reward():
    rewards, values = jnp.array([[1.0, 0.0, 1.0]]), jnp.array([[0.5, 0.25, 0.5, 9.0]])
    gammas = discounts(jnp.array([[NONE, NONE, LIFETIME]]), within=0.0, across=1.0)
    np.testing.assert_allclose(advantages(rewards, values, gammas, 0.95), [[0.5, -0.25, 0.5]])


def test_a_reward_of_a_later_episode_counts_for_an_earlier_one():
    rewards, values = jnp.array([[0.0, 0.0, 1.0]]), jnp.zeros((1, 4))
    gammas = discounts(jnp.array([[NONE, EPISODE, LIFETIME]]), within=1.0, across=0.8)
    np.testing.assert_allclose(
        advantages(rewards, values, gammas, 1.0), [[0.8, 0.8, 1.0]], rtol=1e-6
    )
