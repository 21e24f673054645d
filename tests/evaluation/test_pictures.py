"""Pictures are drawn, for memories with a trace and without."""

import functools

import jax
import numpy as np
import pytest
from PIL import Image

from memlearn import build
from memlearn.evaluation import curves, strip
from memlearn.tasks import play
from memlearn.types import SENSES
from tests.worlds import small_run

ALL_SENSES = {"task": "crossmodal", "senses": SENSES}
RUNS = [*({"memory.kind": memory} for memory in ("learned", "window", "none")), ALL_SENSES]


@pytest.mark.parametrize("fields", RUNS)
def test_a_lifetime_is_drawn(tmp_path, fields):
    run = small_run(**fields)
    steps = run.draw(jax.random.key(0), 0)
    state = run.policy.initial_state(run.config.batch)
    look_back = jax.jit(functools.partial(run.policy.apply, trace=True))
    trace = look_back(run.state.params, state, steps)[2][0]
    record = play.Record(steps, steps.oracle, steps.question.astype(float))
    record, trace = jax.device_get(jax.tree.map(lambda x: x[0], (record, trace)))
    strip.draw(record, trace, build.sources(run.config)[0], tmp_path / "lifetime.png")
    with Image.open(tmp_path / "lifetime.png") as image:
        assert image.width > 300 and np.asarray(image).std() > 0


@pytest.mark.parametrize("shown", ["imitation", "entropy"])  # of a teacher, from reward
def test_curves_are_drawn_for_a_run_that_just_began(tmp_path, shown):
    lines = [{"step": 10, "loss": 3.4, shown: 3.4, "score": 0.1}]
    curves.draw([], 1 / 32, tmp_path / "none.png")
    curves.draw(lines, 1 / 32, tmp_path / "early.png")
    curves.draw([*lines, {"step": 20, "heldout": 0.5}], 1 / 32, tmp_path / "later.png")
    assert (tmp_path / "early.png").stat().st_size > 1000
