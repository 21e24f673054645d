"""Keys: under which address an event is filed, and at which address memory is asked.

An address is a unit vector in `[K]`, composed of *sources*: the modalities of this event (lag 0)
and of the one before it (lag 1). Filing an event under a source of lag 1 is what lets memory be
asked for the successor of something. What each bank of the layer below recalled is a modality too,
so that one memory can lead to another.
"""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax


def unit(x):
    """Scale the last axis to length one; zero stays zero, and so does its gradient."""
    return x * lax.rsqrt(jnp.sum(jnp.square(x), -1, keepdims=True) + 1e-6)


class Addresses(nn.Module):
    """Map each modality's embedding to the space of addresses, `a[m] = A[m] e[m]`.

    Attributes:
      width: K; or more, for several addresses of each.
    """

    width: int

    @nn.compact
    def __call__(self, embeddings):
        """Map embeddings `[B, T, M, D]` to addresses `[B, T, M, width]`, zero to zero."""
        shape = (*embeddings.shape[2:], self.width)
        init = nn.initializers.variance_scaling(1.0, "fan_in", "normal", in_axis=1, out_axis=2)
        maps = self.param("maps", init, shape).astype(embeddings.dtype)
        located = [embeddings[:, :, m] @ maps[m] for m in range(len(maps))]
        return jnp.stack(located, axis=2)


class LastEvent(NamedTuple):
    """What is carried for the sources of lag 1.

    Attributes:
      addresses: float `[B, M, K]`, of the event before.
      present: bool `[B, M]`, its modalities.
    """

    addresses: jax.Array
    present: jax.Array


class SourceKeys(nn.Module):
    """The learned rule: the context says how much of each source an address is made of.

        key   = unit(sum_s softmax(kw(c) + kb)[s] a[s])
        query = unit(sum_s softmax(kr(c) + qb)[s] a[s])

    There is one space of addresses: what tells one image from another in one bank does so in all of
    them, and in all layers, for keys and for queries.

    Attributes:
      banks: H.
      recalled: how many of the modalities, the last ones, are what was recalled.
      maps: `Addresses` of what is perceived, K wide; layers that are given the same one share it.
      leads: how many of the first modalities banks begin with.
    """

    banks: int
    recalled: int
    maps: Addresses
    leads: int
    lags = 2  # banks begin with what is of this event, and of the one before

    @property
    def width(self):
        """How many numbers the address of a source has, all its maps together."""
        return self.maps.width

    def initial_state(self, batch, modalities, dtype):
        """Return a `LastEvent` in which nothing was present."""
        addresses = jnp.zeros((batch, modalities, self.width), dtype)
        return LastEvent(addresses, jnp.zeros((batch, modalities), bool))

    @nn.compact
    def __call__(self, last, events, context, resets):
        """Compose the address of each event in each bank, for filing and for asking.

        Args:
          last: `LastEvent` before the first event.
          events: `Event`, arrays `[B, T, ...]`.
          context: float `[B, T, D]`, which decides between the sources.
          resets: bool `[B, T]`, where there is no event before.

        Returns:
          last: the last of these events.
          key, query: unit vectors `[B, T, H, K]`; zero where no source is present.
          key_sources, query_sources: the weights `[B, T, H, S]`, all of lag 0 before all of lag 1.
        """
        addresses = self.locate(events.embeddings).astype(last.addresses.dtype)
        sources = _with_lag(addresses, last.addresses, resets)
        present = _with_lag(events.present, last.present, resets)
        key_weights = self.weigh("key", context, present)
        query_weights = self.weigh("query", context, present)
        key, query = self.compose(key_weights, query_weights, sources)
        last = LastEvent(addresses[:, -1], events.present[:, -1])
        return last, unit(key), unit(query), key_weights, query_weights

    def locate(self, embeddings):
        """Map embeddings `[B, T, M, D]` to addresses: the common ones, then those recalled."""
        perceived = embeddings.shape[2] - self.recalled
        addresses = self.maps(embeddings[:, :, :perceived])
        if not self.recalled:
            return addresses
        recalled = Addresses(self.maps.width, name="recalled")(embeddings[:, :, perceived:])
        return jnp.concatenate([addresses, recalled], axis=2)

    def compose(self, key_weights, query_weights, sources):
        """Weigh sources `[B, T, S, K]` by weights `[B, T, H, S]`, for filing and for asking."""
        return key_weights @ sources, query_weights @ sources

    def weigh(self, name, context, present):
        """Weigh the sources `[B, T, S]` that are present, for each bank `[B, T, H, S]`."""
        shape = (self.banks, present.shape[-1])
        linear = nn.DenseGeneral(
            shape, use_bias=False, kernel_init=nn.initializers.zeros, name=name
        )
        start = _first_sources(*shape, self.recalled, self.leads, self.lags)[name]
        bias = self.param(f"{name}_bias", lambda key: start)
        logits = linear(context) + bias
        mask = jnp.broadcast_to(present[:, :, None], logits.shape)
        return jax.nn.softmax(logits, axis=-1, where=mask) * mask.any(-1, keepdims=True)


def _first_sources(banks, sources, recalled, leads, lags):
    """The source that each bank begins with, for filing and for asking: logits `[H, S]` of each.

    Banks take turns. They file under one of the first modalities, the leads, and ask by it; then,
    with two lags, under one of these of the event before, and ask by that of the present one. What
    the first bank below recalled takes the place of the second. A key and a query that begin with
    different modalities have nothing in common to match on, and it can take thousands of updates
    until they find something.
    """
    modalities = sources // 2
    present = 3.0 * jnp.eye(sources)[jnp.arange(leads) % modalities]
    if recalled:  # all but alone, for a little of everything else blurs it; its bank asks by images
        present = present.at[1].set(9.0 * jnp.eye(sources)[modalities - recalled])
    before = jnp.roll(present, modalities, axis=1)
    turn = jnp.arange(banks) % (lags * leads)
    return {
        "key": jnp.concatenate([present, before])[turn],
        "query": jnp.concatenate([present, present])[turn],
    }


def _with_lag(now, last, resets):
    """Append to each step what the step before had, along axis 2; nothing after a reset.

    Args:
      now: `[B, T, M, ...]`.
      last: `[B, M, ...]`, of the step before the first.
      resets: bool `[B, T]`.

    Returns:
      `[B, T, 2 M, ...]`.
    """
    before = jnp.concatenate([last[:, None], now[:, :-1]], axis=1)
    forget = resets.reshape(resets.shape + (1,) * (now.ndim - 2))
    return jnp.concatenate([now, jnp.where(forget, jnp.zeros_like(before), before)], axis=2)
