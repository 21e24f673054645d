"""When: a rule of keys by which memory can be asked for what happened so many steps ago."""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from memlearn.memory.keys import LastEvent, SourceKeys, unit

AGO = 64  # steps, as far back as is asked


class ClockState(NamedTuple):
    """What is carried from one event to the next.

    Attributes:
      last: `LastEvent`.
      time: int32 `[B]`, events of the lifetime so far.
    """

    last: LastEvent
    time: jax.Array


class ClockKeys(SourceKeys):
    """The learned rule, and when an event happened is a part of its address.

        when(t)_j = exp(i omega_j t)                        omega_j uniform in [0, pi], and fixed
        key   = unit((1 - a) key   + a when(t))             a = sigmoid(linear(c))
        query = unit((1 - b) query + b sum_n p_n when(t - n))    b = sigmoid(.), p = softmax(.)

    with n = 1 .. AGO, real and imaginary parts side by side. Other times match far less, by a
    cosine of .6 at most within a thousand steps if K = 32; frequencies with a rule in them would
    agree again after a while. By the time of an event memory can be asked for what was n steps ago,
    whatever it was; which n is learned, and may depend on the context. One bank, the last, begins
    with it.
    """

    def initial_state(self, batch, modalities, dtype):
        """Return a `ClockState` at the beginning of a lifetime."""
        return ClockState(super().initial_state(batch, modalities, dtype), jnp.zeros(batch, int))

    @nn.compact
    def __call__(self, state, events, context, resets):
        """As `SourceKeys`; the time is the last of the sources."""
        last, key, query, *weights = super().__call__(state.last, events, context, resets)
        time = _count(state.time, resets)
        told = nn.DenseGeneral(
            (self.banks, AGO), kernel_init=nn.initializers.zeros, name="ago"
        )(context)  # fmt: skip
        asked = _when(-1 - jnp.arange(AGO), self.width)
        asked = jax.nn.softmax(told.astype(jnp.float32)) @ asked
        now = _when(time, self.width)[:, :, None]
        mixed = [
            self._mix(name, context, address, when)
            for name, address, when in (("filed", key, now), ("asked", query, now * asked))
        ]
        (key, by_key), (query, by_query) = mixed
        weights = [
            jnp.concatenate([(1 - by) * weight, by], axis=-1)
            for by, weight in zip((by_key, by_query), weights)
        ]
        return ClockState(last, time[:, -1] + 1), key, query, *weights

    def _mix(self, name, context, address, when):
        """Mix addresses `[B, T, H, K]` with a time, complex `[B, T, 1 or H, K / 2]`."""
        start = jnp.full(self.banks, -3.0, jnp.float32).at[-1].set(3.0)
        zeros = nn.initializers.zeros
        gate = nn.Dense(self.banks, kernel_init=zeros, bias_init=lambda *_: start, name=name)
        by = jax.nn.sigmoid(gate(context))[..., None].astype(address.dtype)
        when = jnp.concatenate([when.real, when.imag], axis=-1).astype(address.dtype)
        when = when[..., : self.width]
        return unit((1 - by) * address + by * when), by


def _when(times, width):
    """Turn times `[...]` to complex numbers of length `(2 / K)^(1/2)`, half of K of them."""
    omega = jnp.asarray(np.random.default_rng(0).uniform(0, np.pi, (width + 1) // 2))
    return jnp.exp(1j * times[..., None] * omega) * (2 / width) ** 0.5


def _count(first, resets):
    """The time of each event `[B, T]`: 0 where a lifetime begins, `first` `[B]` if none does."""
    steps = jnp.arange(resets.shape[1])
    begun = jax.lax.cummax(jnp.where(resets, steps, -1), axis=1)
    return jnp.where(begun < 0, first[:, None] + steps, steps - begun)
