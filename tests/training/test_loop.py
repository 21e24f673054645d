"""The loop itself, with stand-ins for what it is handed; runs of real ones are in test_commands."""

import jax
import jax.numpy as jnp
import pytest

from memlearn.learning.state import TrainState
from memlearn.training import loop
from memlearn.training.parallel import Parallel
from memlearn.types import UserError


class Record:
    """Stands in for checkpoints and metrics, and notes what is saved and written."""

    def __init__(self):
        self.saved, self.written, self.closed = [], [], 0

    def latest(self):
        return max(self.saved, default=None)

    def save(self, step, state):
        self.saved.append(step)

    def write(self, step, values):
        self.written.append(step)

    def close(self):
        self.closed += 1


@pytest.mark.parametrize(("name", "at"), [("loss", 7), ("gradient_norm", 8)])
def test_what_is_not_finite_is_named_and_not_saved(name, at):
    def update(state, batch):
        state = state._replace(step=state.step + 1)
        report = {"loss": 1.0, "gradient_norm": 1.0}
        return state, report | ({name: jnp.nan} if state.step >= at else {})

    record = Record()
    with pytest.raises(UserError, match=f"update {at} has a loss or a gradient that is not finite"):
        loop.train(
            TrainState({}, (), jax.random.key(0), jnp.int32(0)),
            parallel=Parallel(update, lambda state: state, lambda state: state),
            draw=lambda key, step: None, validate=lambda params: 0.5,
            checkpoints=record, metrics=record,
            updates=20, log_every=10, validate_every=20, checkpoint_every=4,
        )  # fmt: skip
    assert record.saved == record.written == [4] and record.closed == 2
