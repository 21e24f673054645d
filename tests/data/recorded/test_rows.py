"""Rows of recorded experience, against what was worked out by hand."""

import numpy as np
import pytest

from memlearn.data.recorded.experience import Experience
from memlearn.data.recorded.rows import Rows
from memlearn.types import EPISODE, LIFETIME, NONE, TimeStep, UserError

FIRST = np.array([0, 5, 7, 10])  # episodes of 5, 2, 3 and 2 steps, the second of which is held out
HELD_OUT = np.array([False, True, False, False])


def experience(question):
    """Twelve steps, numbered from 0."""
    number = np.arange(12, dtype=np.int32)
    boundary = np.full(12, NONE, np.int32)
    boundary[FIRST], boundary[3] = LIFETIME, EPISODE
    asked = np.isin(number, question)
    steps = TimeStep(
        {"vector": number[:, None].astype(np.float32)}, {"vector": np.ones(12, bool)},
        boundary, asked, number, number + 1,
    )  # fmt: skip
    return Experience(steps, FIRST, HELD_OUT, {})


def test_rows_start_with_episodes_and_within_long_ones():
    rows = Rows(experience(range(12)), held_out=False, length=4)
    batch = rows.batch(np.arange(4))
    np.testing.assert_array_equal(
        batch.oracle, [[0, 1, 2, 3], [4, 7, 8, 9], [7, 8, 9, 10], [10, 11, 0, 1]]
    )
    np.testing.assert_array_equal(
        batch.boundary,
        [
            [LIFETIME, NONE, NONE, EPISODE],
            [LIFETIME, LIFETIME, NONE, NONE],
            [LIFETIME, NONE, NONE, LIFETIME],
            [LIFETIME, NONE, LIFETIME, NONE],
        ],
    )
    np.testing.assert_array_equal(batch.observation["vector"][..., 0], batch.oracle)
    np.testing.assert_array_equal(batch.choices, batch.oracle + 1)
    assert len(rows.starts) == 4


def test_what_is_held_out_is_in_no_row_of_the_rest():
    held_out = Rows(experience(range(12)), held_out=True, length=3)
    np.testing.assert_array_equal(held_out.batch(np.array([0])).oracle, [[5, 6, 5]])


def test_there_is_a_question_in_every_row():
    rows = Rows(experience([9, 6]), held_out=False, length=4)
    batch = rows.batch(np.arange(len(rows.starts)))
    np.testing.assert_array_equal(batch.oracle[:, 0], [4, 7])
    with pytest.raises(UserError, match=r"no 2 steps .* have a question; a longer"):
        Rows(experience([6]), held_out=False, length=2)


def test_rows_apart_have_no_step_in_common():
    rows = Rows(experience(range(12)), held_out=False, length=4)
    np.testing.assert_array_equal(rows.batch(rows.apart(9)).oracle[:, 0], [0, 4])
    np.testing.assert_array_equal(rows.batch(rows.apart(1)).oracle[:, 0], [0])
