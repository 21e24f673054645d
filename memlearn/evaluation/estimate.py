"""A mean and its 95 % interval."""

import math
from typing import NamedTuple

import numpy as np
from scipy import stats


class Estimate(NamedTuple):
    """What is known of a mean.

    Attributes:
      mean: NaN if nothing was measured.
      low, high: its 95 % interval; NaN if nothing tells how sure it is.
    """

    mean: float
    low: float = math.nan
    high: float = math.nan

    @property
    def half(self):
        """Half the width of the interval."""
        return (self.high - self.low) / 2

    @property
    def excludes_zero(self):
        """Whether 0 is outside the interval."""
        return self.low > 0 or self.high < 0


UNKNOWN = Estimate(math.nan)


def of_score(score):
    """Return a score of one seed with its interval over lifetimes.

    Args:
      score: the dict of a `retrieval.Score`.
    """
    return Estimate(score["score"], score["low"], score["high"])


def over_seeds(seeds):
    """Return the mean over seeds with Student's t interval; one seed keeps the interval it has.

    Args:
      seeds: a list of one `Estimate` a seed, which may be empty.
    """
    if len(seeds) < 2:
        return seeds[0] if seeds else UNKNOWN
    means = [seed.mean for seed in seeds]
    half = stats.t.ppf(0.975, len(means) - 1) * stats.sem(means)
    return Estimate(np.mean(means), np.mean(means) - half, np.mean(means) + half)
