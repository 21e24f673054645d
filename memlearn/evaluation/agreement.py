"""Agreement: how often a policy answers as was right in recorded steps, or as was done there.

Nothing is played: the policy lives through what somebody else did, and is asked at every question
what it would have done.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from memlearn.evaluation.retrieval import interval
from memlearn.types import LIFETIME


class Score(NamedTuple):
    """Questions answered right, as a fraction.

    Attributes:
      score: mean over rows.
      low, high: its 95 % interval, from a bootstrap over rows.
      empty: the mean if nothing is remembered from one step to the next.
      chance: of guessing, or of always giving the most frequent answer, whichever is better.
    """

    score: float
    low: float
    high: float
    empty: float
    chance: float


def score(policy, params, batches):
    """Return the `Score` of a policy on batches of rows, `TimeStep`s of arrays `[B, T, ...]`."""
    answer = functools.partial(_answered, policy, params)
    right = np.concatenate([answer(steps, forget=False) for steps in batches])
    empty = np.concatenate([answer(steps, forget=True) for steps in batches])
    low, high = interval(right)
    return Score(float(right.mean()), low, high, float(empty.mean()), _chance(batches))


def validation(policy, batches):
    """Return a function from params to the mean score on batches of rows."""

    def validate(params):
        return np.concatenate([_answered(policy, params, x, forget=False) for x in batches]).mean()

    return validate


@functools.partial(jax.jit, static_argnums=0)
def _answered(policy, params, steps, forget):
    """The fraction of right answers in each row, float `[B]`."""
    steps = steps._replace(boundary=jnp.where(forget, LIFETIME, steps.boundary))
    memory = policy.initial_state(steps.question.shape[0])
    _, output, _ = policy.apply(params, memory, steps)
    right = (jnp.argmax(output.logits, axis=-1) == steps.oracle) & steps.question
    return right.sum(1) / steps.question.sum(1)


def _chance(batches):
    oracle = np.concatenate([steps.oracle[steps.question] for steps in batches])
    choices = np.concatenate([steps.choices[steps.question] for steps in batches])
    return float(max(np.mean(1 / choices), np.bincount(oracle).max() / oracle.size))
