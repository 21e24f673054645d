"""Returns: what a reward is worth to the steps before it, within an episode and across them."""

import chex
import jax
import jax.numpy as jnp

from memlearn.types import EPISODE, LIFETIME


def discounts(boundaries, within, across):
    """Return how much the next step counts, by what begins with it.

    Args:
      boundaries: int32 `[B, T]`, the boundary code of the step after each step.
      within: the discount from a step to the next of its episode.
      across: the discount from the last step of an episode to the first of the next one, of the
        same lifetime: what is found out in one episode pays in later ones.

    Returns:
      float32 `[B, T]`, 0 at the end of a lifetime.
    """
    same = jnp.where(boundaries == EPISODE, across, within)
    return jnp.where(boundaries == LIFETIME, 0.0, same).astype(jnp.float32)


def advantages(rewards, values, discounts, decay):
    """Estimate how much better each action was than expected (GAE).

        delta_t = r_t + gamma_t V_{t+1} - V_t
        A_t     = delta_t + gamma_t lambda A_{t+1}                    A = 0 after the window

    Args:
      rewards: float32 `[B, T]`.
      values: float32 `[B, T + 1]`, of each step and of the one after the window.
      discounts: float32 `[B, T]`, gamma_t, of the step after each step.
      decay: lambda, in [0, 1].

    Returns:
      float32 `[B, T]`.

    Raises:
      AssertionError: if the shapes are not as above.

    Source: Schulman et al., 2016, equations 11 and 16.
    """
    chex.assert_equal_shape((rewards, discounts))
    chex.assert_shape(values, (rewards.shape[0], rewards.shape[1] + 1))
    delta = rewards + discounts * values[:, 1:] - values[:, :-1]

    def back(after, step):
        delta, discount = step
        now = delta + discount * decay * after
        return now, now

    steps = jax.tree.map(lambda x: x.T, (delta, discounts))
    _, found = jax.lax.scan(back, jnp.zeros_like(rewards[:, 0]), steps, reverse=True)
    return found.T
