"""Codebook: continuous actions as words, each standing for the actions around it."""

import warnings
from typing import NamedTuple

import numpy as np
from scipy.cluster import vq

from memlearn.types import UserError

SAMPLE = 65536  # actions that a codebook is learned from, at most


class Codebook(NamedTuple):
    """Actions, and what stands for them.

    Attributes:
      centres: float32 [W, A], the action that each word stands for.
      codes: int32 [S], the word of each action.
      error: float, how much of the variance of held-out actions is lost.
    """

    centres: np.ndarray
    codes: np.ndarray
    error: float


def learn(actions, held_out, words):
    """Learns a codebook by k-means, the same one every time.

    Args:
      actions: float32 [S, A].
      held_out: bool [S]; of these it learns nothing.
      words: int, W.

    Returns:
      Codebook.

    Raises:
      UserError: there are too few actions, or some are not numbers.
    """
    if not np.isfinite(actions).all():
        raise UserError("some actions are not finite; map other fields to config.experience.action")
    if np.count_nonzero(~held_out) < words:
        raise UserError(f"there are fewer actions than words = {words}; set fewer --config.words")
    taught = actions[~held_out]
    mean, spread = taught.mean(0), taught.std(0)
    spread = np.where(spread > 0, spread, 1)
    rng = np.random.default_rng(0)
    sample = taught[rng.permutation(len(taught))[:SAMPLE]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of words that stand for no action
        centres, _ = vq.kmeans2((sample - mean) / spread, words, minit="++", rng=rng)
    codes, distances = vq.vq((actions - mean) / spread, centres)
    error = np.mean(distances[held_out] ** 2) / actions.shape[1]
    return Codebook(np.float32(centres * spread + mean), np.int32(codes), float(error))
