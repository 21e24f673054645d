"""Windows: the gradient that is cut is that of the definition, and what is cut is told."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from memlearn import checks
from memlearn.learning import windows
from memlearn.types import EPISODE, LIFETIME, NONE, UserError
from tests.worlds import small_config, small_run

LONG = dict(chapters=2, batch=4)
QUICK = {**LONG, "memory.kind": "gru"}  # compiles in less time


def linear(params, memory, lesson):
    """A leaky sum that is to be `wanted`; memory counts its steps too."""
    (total, count), (x, wanted) = memory, lesson
    loss = 0.0
    for t in range(x.shape[1]):
        total = params * total + x[:, t]
        loss += jnp.mean((total - wanted[:, t]) ** 2)
    return loss, ((total, count + x.shape[1]), {"loss": loss})


def test_a_cut_gradient_is_that_of_the_definition():
    x = jnp.array([[1.0, 2.0, 3.0, 4.0]])
    lesson, memory = (x, jnp.zeros((1, 4))), (jnp.ones(1), jnp.zeros(1, jnp.int32))
    cut = functools.partial(windows.gradient, jnp.float32(0.5), linear, memory, lesson)
    # Totals: 1.5, 2.75, 4.375, 6.1875; their slopes in each window: 1, 2.0; then 2.75, 5.75.
    grads, report = cut(2)
    slopes = 2 * np.array([1.5 * 1, 2.75 * 2, 4.375 * 2.75, 6.1875 * 5.75])
    np.testing.assert_allclose(grads, slopes.sum() / 2, rtol=1e-6)
    # By the total before the second window: its first total has half of it, its second a quarter.
    np.testing.assert_allclose(report["edges"], 2 * (4.375 * 0.5 + 6.1875 * 0.25), rtol=1e-6)
    # The whole: 1.5, 2.75, 4.375, 6.1875 have slopes 1, 2, 3.75, 6.25.
    whole = 2 * np.array([1.5 * 1, 2.75 * 2, 4.375 * 3.75, 6.1875 * 6.25])
    np.testing.assert_allclose(cut(4)[0], whole.sum(), rtol=1e-6)
    assert "edges" not in cut(4)[1]


def test_what_remembers_nothing_loses_nothing():
    lesson = jnp.ones((3, 4))

    def forgetful(params, memory, lesson):
        return jnp.mean(params * lesson), (memory, {})

    grads, report = windows.gradient(jnp.float32(0.5), forgetful, ((),), lesson, window=2)
    assert grads == 1 and report["edges"] == 0


def test_windows_answer_as_the_whole_does():
    run = small_run(**LONG, nested=True)
    steps = run.draw(jax.random.key(0), 0)
    length = steps.question.shape[1]
    reports = {
        window: jax.jit(functools.partial(run.update, window=window))(run.state, steps)[1]
        for window in (0, length // 2)
    }
    for name in ("loss", "imitation", "value", "score", "written"):
        np.testing.assert_allclose(reports[length // 2][name], reports[0][name], rtol=2e-5)
    assert reports[length // 2]["edges"] > 0


def test_what_is_lost_is_that_of_a_lifetime():
    """As often as it is in the batch, and wherever the batch is spread."""
    run = small_run(**QUICK)
    steps = run.draw(jax.random.key(0), 0)
    twice = jax.tree.map(lambda x: jnp.concatenate([x, x]), steps)
    halves = jax.tree.map(lambda x: x.reshape(2, -1, *x.shape[1:]), steps)
    update = functools.partial(run.update, window=steps.question.shape[1] // 2)
    mapped = jax.vmap(functools.partial(update, axis_name="d"), (None, 0), axis_name="d")
    edges = jax.jit(update)(run.state, steps)[1]["edges"]
    np.testing.assert_allclose(jax.jit(update)(run.state, twice)[1]["edges"], edges, rtol=1e-4)
    spread = jax.jit(mapped)(run.state, halves)[1]["edges"]
    np.testing.assert_allclose(spread, [edges, edges], rtol=1e-4)


def test_nothing_is_lost_between_lifetimes():
    """Each window is a lifetime of its own: the gradient is that of the whole."""
    run = small_run(**QUICK)
    steps = run.draw(jax.random.key(0), 0)
    half = steps.question.shape[1] // 2
    steps = steps._replace(boundary=steps.boundary.at[:, half].set(LIFETIME))
    cut, whole = (
        jax.jit(functools.partial(run.update, window=window))(run.state, steps)[1]
        for window in (half, 0)
    )
    assert cut["edges"] == 0
    np.testing.assert_allclose(cut["gradient_norm"], whole["gradient_norm"], rtol=1e-4)


def test_chapters_are_one_life():
    run = small_run(**LONG)
    steps = run.draw(jax.random.key(0), 0)
    boundary = np.asarray(steps.boundary)
    assert boundary.shape == (4, 2 * run.env.length)
    assert (boundary[:, 0] == LIFETIME).all() and (boundary[:, 1:] != LIFETIME).all()
    assert (boundary[:, run.env.length] == EPISODE).all() and (boundary[:, 1] == NONE).all()
    halves = np.asarray(steps.oracle).reshape(4, 2, -1)
    assert (halves[:, 0] != halves[:, 1]).any(), "every chapter is another"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        (dict(window=5), "window must divide the 14 steps of a row; got 5"),
        (dict(learner="ppo", window=4), "PPO has --config.ppo.window"),
        (dict(chapters=0), "chapters must be at least 1"),
    ],
)
def test_what_cannot_be_is_said(fields, complaint):
    config = small_config()
    config.update(fields)
    with pytest.raises(UserError, match=complaint):
        checks.check(config)
        small_run(**LONG, **fields)
