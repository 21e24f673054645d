"""Rows: T steps of recorded experience, from where something begins, packed without padding."""

import jax
import numpy as np

from memlearn.types import LIFETIME, UserError


class Rows:
    """The rows of a part of recorded experience.

    A row starts where an episode does, or at a multiple of T steps within one, and goes on with
    the episodes that follow; after the last comes the first. In each there is a question.

    Args:
      experience: `Experience`.
      held_out: bool, whether the part is what is held out, or else the rest.
      length: int, T.

    Attributes:
      starts: int64 [R], where rows start, among the steps of the part.
    """

    def __init__(self, experience, held_out, length):
        self._steps, self._length = experience.steps, length
        lengths = np.diff(experience.first, append=len(self._steps.question))
        part = experience.held_out == held_out
        self._order = np.flatnonzero(np.repeat(part, lengths))
        ends = np.cumsum(lengths[part])
        begins = ends - lengths[part]
        starts = [np.arange(begin, end, length) for begin, end in zip(begins, ends)]
        starts = np.concatenate(starts)
        self.starts = starts[self._asked(starts)]
        if not self.starts.size:
            raise UserError(
                f"no {length} steps of what was recorded have a question; a longer "
                "config.experience.length may reach one"
            )

    def _asked(self, starts):
        """Whether there is a question in the rows that start there."""
        question = self._steps.question[self._order]
        # Rows that go on at the first step again, perhaps more than once.
        around = np.resize(question, len(question) + self._length)
        before = np.append(0, np.cumsum(around))
        return before[starts + self._length] > before[starts]

    def apart(self, most):
        """Returns rows that have no step in common, int64 [N], at most so many of them.

        They are taken evenly from all that there are.
        """
        chosen, end = [], 0
        for row, start in enumerate(self.starts):
            if start >= end and (not chosen or start + self._length <= len(self._order)):
                chosen.append(row)
                end = start + self._length
        return np.array(chosen)[np.linspace(0, len(chosen) - 1, min(most, len(chosen)), dtype=int)]

    def batch(self, rows):
        """Returns the steps of some rows, a `TimeStep` of arrays [B, T, ...].

        Args:
          rows: int [B].
        """
        steps = (self.starts[rows, None] + np.arange(self._length)) % len(self._order)
        steps = self._order[steps]
        batch = jax.tree.map(lambda x: x[steps], self._steps)
        batch.boundary[:, 0] = LIFETIME
        return batch
