"""Linear recurrences against a loop."""

import jax
import numpy as np
import pytest

from memlearn.ops import recurrence
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
        expected[:, t] = np.where(resets[:, t, None], init, x)
        x = decay[:, t] * expected[:, t] + inputs[:, t]
    with jax.enable_x64(True):
        found, last = linear_recurrence(decay, inputs, resets, state, init)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)
    np.testing.assert_allclose(last, x, rtol=0, atol=1e-13)


@pytest.mark.parametrize("argument", range(3))
def test_both_forms_have_one_gradient(argument):
    rng = np.random.default_rng(1)
    decay, inputs = rng.random((2, 7, 3)), rng.normal(size=(2, 7, 3))
    resets = (rng.random((2, 7)) < 0.3)[..., None]
    state, init, wanted = rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), rng.normal(size=(2, 3))

    def energy(form, *moving):
        found, last = form(*moving[:2], resets, moving[2], init)
        return (found**2).sum() + (wanted * last).sum()

    with jax.enable_x64(True):
        each = [
            jax.grad(energy, argnums=argument + 1)(form, decay, inputs, state)
            for form in recurrence.FORMS.values()
        ]
    np.testing.assert_allclose(*each, rtol=0, atol=1e-12)


def test_init_may_differ_by_batch():
    ones, always = np.ones((2, 2, 3)), np.ones((2, 2), bool)
    init = np.arange(6.0).reshape(2, 3)
    with jax.enable_x64(True):
        found, last = linear_recurrence(ones, ones, always, 0 * init, init)
    np.testing.assert_array_equal(found, np.repeat(init[:, None], 2, axis=1))
    np.testing.assert_array_equal(last, init + 1)


def test_age_counts_the_steps_since_a_write():
    untouched = np.array([[0, 1, 1, 0, 1]], np.float32)[..., None]
    never, before = np.zeros((1, 5), bool), np.full((1, 1), 7.0, "f")
    found, last = linear_recurrence(untouched, untouched, never, before, 0.0)
    np.testing.assert_array_equal(found[0, :, 0], [7, 0, 1, 2, 0])
    assert last == 1
