"""Prediction: what a policy can be asked about its experience where nobody rewards it.

Reward alone teaches slowly what to keep. What comes next, or the rest of something that was met
before, is there to be learned from at every step. Both are asked of the same head of the policy and
compared with what the encoders make of it:

    error = 1/2 mean (prediction - embedding)^2        over modalities that are asked for

where embeddings are targets only: no gradient makes them easier to predict.

Source: that memory is taught by predicting what is perceived is of MERLIN (Wayne et al., 2018),
that a past event is told again of HCAM (Lampinen et al., 2021); the error, and what is hidden, are
ours.
"""

import functools

import jax
import jax.numpy as jnp

from memlearn.learning.structure import mean
from memlearn.types import LIFETIME, NONE

KINDS = "", "next", "past"
REHEARSED = 8  # events of a window that are asked about again


def error(predictions, embeddings, asked, axis_name=None):
    """Compute the error, a float32 scalar.

    Args:
      predictions, embeddings: float `[B, T, M, D]`.
      asked: bool `[B, T, M]`.
      axis_name: the mapped axis over which the batch is spread, if any.
    """
    errors = 0.5 * jnp.mean(jnp.square(predictions - jax.lax.stop_gradient(embeddings)), axis=-1)
    return mean(errors, asked, axis_name)


def loss(kind, policy, params, memory, output, steps, keys, axis_name=None):
    """Compute the error of predicting what comes `next`, or of telling what is `past`.

    Args:
      kind: one of `KINDS`, but for nothing.
      policy, params: that predict.
      memory: states of the memories after the window.
      output: of the policy, for `steps`.
      steps: `TimeStep`, arrays `[B, T, ...]`.
      keys: random keys `[B]`.
      axis_name: the mapped axis over which the batch is spread, if any.

    Returns:
      a float32 scalar.
    """
    if kind == "next":
        follows = steps.boundary[:, 1:] != LIFETIME
        asked = output.event.present[:, 1:] & follows[..., None]
        return error(output.predictions[:, :-1], output.event.embeddings[:, 1:], asked, axis_name)
    times, hidden, again = rehearsal(policy, output.event, steps, keys)
    told = policy.apply(params, memory, again)[1].predictions
    return error(told, _at(times, output.event.embeddings), hidden, axis_name)


def rehearsal(policy, event, steps, keys):
    """Draw events that are met once more, each with one of its modalities hidden.

    What is hidden is to be remembered, and is any that was perceived. Only events of the lifetime
    in which the window ends are drawn.

    Args:
      policy, steps, keys: as of `loss`.
      event: `Event`, of the steps.

    Returns:
      when they were, int32 `[B, R]`, which modality is hidden, bool `[B, R, M]`, and the `TimeStep`
      of arrays `[B, R, ...]`.
    """
    lifetime = jnp.cumsum(steps.boundary == LIFETIME, axis=1)
    times, hidden = jax.vmap(_choose)(keys, lifetime == lifetime[:, -1:], event.present)
    again = jax.tree.map(functools.partial(_at, times), steps)
    present = {
        name: again.present[name] & ~hidden[..., m]
        for m, name in enumerate(policy.encoder.encoders)
        if name in again.present
    }
    boundary = jnp.full_like(again.boundary, NONE)
    return times, hidden, again._replace(present=present, boundary=boundary)


def _choose(key, remembered, present):
    """Draw events of `[T]` to rehearse, and which of their modalities `[R, M]` is hidden."""
    key_time, key_hidden = jax.random.split(key)
    weights = jnp.where(remembered, 0.0, -jnp.inf)
    times = jax.random.categorical(key_time, weights, shape=(REHEARSED,))
    which = jax.random.categorical(key_hidden, jnp.where(present[times], 0.0, -jnp.inf))
    return times, jax.nn.one_hot(which, present.shape[-1], dtype=bool)


def _at(times, x):
    """Return `[B, R, ...]`, what `[B, T, ...]` is at times `[B, R]`."""
    return jax.vmap(lambda each, when: each[when])(x, times)
