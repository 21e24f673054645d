"""Agreement with what was recorded: scores of policies whose answers are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from memlearn.evaluation import agreement
from memlearn.policy import Output
from memlearn.types import LIFETIME, NONE, TimeStep


class Echo:
    """Answers what it was first shown in a lifetime."""

    def initial_state(self, batch, share=1.0):
        return jnp.zeros(batch, jnp.int32)

    def apply(self, params, state, steps):
        def live(first, now):
            shown, boundary = now
            first = jnp.where(boundary == LIFETIME, shown, first)
            return first, first

        swapped = jax.tree.map(lambda x: x.T, (steps.observation["action"], steps.boundary))
        state, said = jax.lax.scan(live, state, swapped)
        logits = jax.nn.one_hot(said.T, 4)
        return state, Output(logits, logits[..., 0]), ()


@pytest.fixture
def batches():
    """Two rows; what is right is what was shown first, but once."""
    shown = np.int32([[1, 0, 0, 0], [2, 3, 3, 2]])
    steps = TimeStep(
        {"action": shown}, {"action": np.ones((2, 4), bool)},
        boundary=np.int32([[LIFETIME, NONE, NONE, NONE]] * 2),
        question=np.array([[False, True, True, True], [False, False, True, True]]),
        oracle=np.int32([[0, 1, 1, 1], [0, 0, 2, 3]]), choices=np.full((2, 4), 4, np.int32),
    )  # fmt: skip
    return [jax.tree.map(lambda x: x[:1], steps), jax.tree.map(lambda x: x[1:], steps)]


def test_scores_of_rows_and_controls(batches):
    score = agreement.score(Echo(), {}, batches)
    assert score.score == pytest.approx((1 + 1 / 2) / 2)
    assert score.low == pytest.approx(0.5) and score.high == pytest.approx(1)
    assert score.empty == 0, "what was shown first is forgotten at once"
    assert score.chance == pytest.approx(3 / 5), "of five questions, three are answered by 1"
    assert agreement.validation(Echo(), batches)({}) == pytest.approx(score.score)
