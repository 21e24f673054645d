"""Linear recurrences against a loop."""

import jax
import numpy as np
import pytest

from memlearn.ops.recurrence import linear_recurrence


@pytest.mark.parametrize("backend", ["cpu", "gpu"])
def test_equals_a_loop_with_resets_and_carried_state(backend, monkeypatch):
    """In the form that each backend takes."""
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    rng = np.random.default_rng(0)
    decay, inputs = rng.random((2, 9, 3)), rng.normal(size=(2, 9, 3))
    resets = rng.random((2, 9)) < 0.4
    resets[0, 0], resets[1, 0] = True, False
    state, init = rng.normal(size=(2, 3)), rng.normal(size=(3,))
    expected, x = np.zeros_like(decay), state
    for t in range(9):
        x = np.where(resets[:, t, None], init, x)
        x = decay[:, t] * x + inputs[:, t]
        expected[:, t] = x
    with jax.enable_x64(True):
        found = linear_recurrence(decay, inputs, resets, state, init)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


def test_init_may_differ_by_batch():
    ones, always = np.ones((2, 2, 3)), np.ones((2, 2), bool)
    init = np.arange(6.0).reshape(2, 3)
    with jax.enable_x64(True):
        found = linear_recurrence(ones, ones, always, 0 * init, init)
    np.testing.assert_array_equal(found, np.repeat(init[:, None] + 1, 2, axis=1))


def test_age_counts_the_steps_since_a_write():
    written = np.array([[1, 0, 0, 1, 0]], np.float32)[..., None]
    never = np.zeros((1, 5), bool)
    age = linear_recurrence(1 - written, 1 - written, never, np.full((1, 1), 7.0, "f"), 0.0)
    np.testing.assert_array_equal(age[0, :, 0], [0, 1, 2, 0, 1])
