"""First-order linear recurrences over time, for what a slot keeps beside its rows."""

import chex
import jax
import jax.numpy as jnp
from jax import lax


def linear_recurrence(decay, inputs, resets, state, init):
    """Run `x_t = decay_t * x_{t-1} + inputs_t`, with `x_{t-1} = init` where `resets_t`.

    Occupancy is `(exp(g), w)`: what was there fades, what is written adds. Age is
    `(1 - w, 1 - w)`: `(1 - w)(age + 1)`. An accelerator computes all steps at once, in log T
    passes; on a CPU one pass, step by step, is faster (`benchmarks/layers.py`).

    Args:
      decay: float or int `[B, T, ...]`.
      inputs: the shape and dtype of `decay`.
      resets: bool `[B, T]`.
      state: `[B, ...]`, of the dtype of `decay`, the value before the first step.
      init: broadcastable to `state`, of the dtype of `decay` or a number.

    Returns:
      found: `[B, T, ...]`, `x_{t-1}` as step t finds it, after a reset.
      state: `[B, ...]`, the value after the last step.

    Raises:
      AssertionError: if shapes or dtypes disagree.
    """
    chex.assert_equal_shape([decay, inputs])
    chex.assert_equal(decay.dtype, inputs.dtype)
    chex.assert_equal(decay.dtype, state.dtype)
    chex.assert_shape(resets, decay.shape[:2])
    chex.assert_shape(state, (decay.shape[0], *decay.shape[2:]))
    init = jnp.broadcast_to(init, state.shape).astype(state.dtype)
    resets = resets.reshape(resets.shape + (1,) * (decay.ndim - 2))
    form = FORMS["step by step" if jax.default_backend() == "cpu" else "all at once"]
    return form(decay, inputs, resets, state, init)


def _step_by_step(decay, inputs, resets, state, init):
    def step(x, inputs):
        decay, inputs, reset = inputs
        x = jnp.where(reset, init, x)
        return decay * x + inputs, x

    by_time = jax.tree.map(lambda x: jnp.moveaxis(x, 1, 0), (decay, inputs, resets))
    state, found = lax.scan(step, state, by_time)
    return jnp.moveaxis(found, 0, 1), state


def _all_at_once(decay, inputs, resets, state, init):
    def then(first, second):
        return first[0] * second[0], first[1] * second[0] + second[1]

    # A reset step takes nothing from its past.
    init = init[:, None]
    inputs = inputs + jnp.where(resets, decay * init, 0)
    decay = jnp.where(resets, 0, decay)
    inputs = inputs.at[:, 0].add(decay[:, 0] * state)
    after = lax.associative_scan(then, (decay, inputs), axis=1)[1]
    before = jnp.concatenate([state[:, None], after[:, :-1]], axis=1)
    return jnp.where(resets, init, before), after[:, -1]


FORMS = {"step by step": _step_by_step, "all at once": _all_at_once}
