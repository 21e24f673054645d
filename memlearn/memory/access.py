"""Access: write events to the slots of all banks, and read a value and its mass from them.

What decides where and how much to write lies in `keys`, `slots` and `routing`; here it is done.
"""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from memlearn.ops.recurrence import linear_recurrence
from memlearn.ops.slots import SlotState, apply

EMPTY = 1e-4  # the occupancy at which a slot counts as empty: log stays finite
HIDDEN = -1e4  # the score of a slot that may not be used; its softmax is 0


class Contents(NamedTuple):
    """What the slots of a memory hold.

    Attributes:
      rows: `SlotState` of keys `[B, H, N, K]` and values `[B, H, N, V]`.
      occupancy: float `[B, H, N]`, how much was written to a slot and is still there.
      age: float `[B, H, N]`, steps since a slot was written.
    """

    rows: SlotState
    occupancy: jax.Array
    age: jax.Array


def empty(batch, banks, slots, key_width, value_width, dtype):
    """Return `Contents` of zeros."""
    bank = (batch, banks, slots)
    keys, values = jnp.zeros((*bank, key_width), dtype), jnp.zeros((*bank, value_width), dtype)
    return Contents(SlotState(keys, values), jnp.zeros(bank, dtype), jnp.zeros(bank, dtype))


class Access(nn.Module):
    """The slots of H banks, written and read step by step.

        past   = open_t * (1 - min(w_t, 1)) * exp(g_t) * occupancy_{t-1}
        match  = K_t query - w_t (key . query)
        score  = tau * match + log(past + EMPTY) - rate * age         p = softmax(score)
        value  = p^T V_t
        mass   = sum_n sigmoid(nu * (match - theta)) * past
        tally  = sum_n sigmoid(nu * (match - max_n match + delta)) * past

    What the present event adds to a slot is no part of its match, and slots that it takes are
    hidden from it as far as it takes them: what resembles a question most is the question itself,
    and a memory that found it there would have to unlearn that before it could learn anything else.

    The mass says how much there is that matches at all, the tally how much matches as well as the
    best does, however well that is. `tau`, `rate`, `nu`, `theta` and `delta` are learned per bank,
    as are the slots a lifetime starts with.
    """

    @nn.compact
    def __call__(self, contents, query, key, value, write, decay, resets, usable, share):
        """Write T events, and read after each.

        Args:
          contents: `Contents` before the first event.
          query, key: unit vectors `[B, T, H, K]`.
          value: float `[B, T, H, V]`.
          write: float >= 0 `[B, T, H, N]`.
          decay: log-decay <= 0 `[B, T, H, N]`.
          resets: bool `[B, T]`.
          usable: bool `[B, N]`; the others start a lifetime empty, and are not read.
          share: how far slots are open to be read, float in [0, 1] `[B, T, H, N]`, or 1.0.

        Returns:
          values `[B, T, H, V]`, masses, tallies `[B, T, H]`, read weights `[B, T, H, N]`, and the
          `Contents` after the last event. All in the dtype of `contents`, in which all is computed.
        """
        dtype = contents.occupancy.dtype
        batch, _, banks, _ = write.shape
        query, key, value, write, decay = jax.tree.map(
            lambda x: x.astype(dtype), (query, key, value, write, decay)
        )
        first, first_occupancy = self._first_slots(contents)
        first_occupancy = first_occupancy * usable[:, None]
        sharpness, rate, steepness, threshold, margin = self._read_parameters(banks, dtype)

        past, occupancy, age, last_age = self._past(contents, write, decay, resets, first_occupancy)
        past = past * jnp.asarray(share, dtype)
        query = sharpness[:, None] * query
        own = write * jnp.sum(key * query, axis=-1, keepdims=True)
        bias = jnp.log(past + EMPTY) - rate[:, None] * age - own
        visible = usable[:, None, None] & (jnp.asarray(share) > 0)
        bias = jnp.where(visible, bias, HIDDEN)

        fold, unfold = _fold_banks, lambda x: _unfold_banks(x, batch)
        reads, scores, rows = apply(
            q=fold(query), k=fold(key), v=fold(value),
            w=fold(write), g=fold(decay), resets=jnp.repeat(resets, banks, axis=0),
            state=jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), contents.rows),
            init=jax.tree.map(lambda x: jnp.tile(x, (batch, 1, 1)), first),
            bias=fold(bias),
        )  # fmt: skip
        reads, scores = unfold(reads), unfold(scores)
        rows = jax.tree.map(lambda x: x.reshape(batch, banks, *x.shape[1:]), rows)

        matches = (scores - own) / sharpness[:, None]
        # The gradient of a maximum divides by how many attain it, which rounding can make none.
        best = jnp.where(visible, jax.lax.stop_gradient(matches), -jnp.inf)
        best = jnp.max(best, axis=-1, keepdims=True)

        def amount(level):
            evidence = jax.nn.sigmoid(steepness[:, None] * (matches - level))
            return jnp.einsum("bthn,bthn->bth", evidence, past)

        mass, tally = amount(threshold[:, None]), amount(best - margin[:, None])
        contents = Contents(rows, occupancy, last_age)
        return reads, mass, tally, jax.nn.softmax(scores + bias, axis=-1), contents

    def _past(self, contents, write, decay, resets, first_occupancy):
        """What was in each slot before each event, `[B, T, H, N]`, and its age; both with the last.

        Returns:
          past, the occupancy after the last event `[B, H, N]`, age, the age after the last event.
        """
        keep, untouched = jnp.exp(decay), 1 - jnp.minimum(write, 1)
        found, occupancy = linear_recurrence(
            keep, write, resets, contents.occupancy, first_occupancy
        )
        past = untouched * keep * found
        found, last_age = linear_recurrence(untouched, untouched, resets, contents.age, init=0.0)
        return past, occupancy, untouched * (found + 1), last_age

    def _first_slots(self, contents):
        """The learned slots of a new lifetime: keys `[H, N, K]`, values `[H, N, V]`, occupancy.

        All slots of a bank begin alike. Where each had content of its own, those that training
        never came to write drew all reads once they were written, in longer lifetimes: what is left
        of the beginning of a slot was never learned together with what is written over it.
        """
        banks, slots = contents.rows.keys.shape[1:3]
        normal, faint = nn.initializers.normal(0.1), nn.initializers.constant(-5.0)

        def alike(name, init, *width):
            x = self.param(name, init, (banks, 1, *width))
            return jnp.repeat(x, slots, axis=1).astype(contents.occupancy.dtype)

        keys = alike("first_keys", normal, contents.rows.keys.shape[-1])
        values = alike("first_values", normal, contents.rows.values.shape[-1])
        return SlotState(keys, values), jax.nn.sigmoid(alike("first_occupancy", faint))

    def _read_parameters(self, banks, dtype):
        def positive(name, value):
            start = nn.initializers.constant(jnp.log(jnp.expm1(value)))
            return jax.nn.softplus(self.param(name, start, (banks,))).astype(dtype)

        read = positive("sharpness", 10.0), positive("rate", 0.05), positive("steepness", 30.0)
        return *read, positive("threshold", 0.5), positive("margin", 0.1)


class Ruler(nn.Module):
    """A number as the marks of a ruler that it has passed: a linear layer can tell 7 from 8.

        passed_j = sigmoid(4 (x - mark_j))

    with learned marks, which begin halfway between the whole numbers.
    """

    marks: int = 16

    @nn.compact
    def __call__(self, x):
        """Map numbers `[..., H]` to marks passed `[..., H, marks]`, in [0, 1]."""
        halves = jnp.arange(self.marks, dtype=x.dtype) + 0.5
        marks = self.param("marks", lambda key: jnp.tile(halves, (x.shape[-1], 1)))
        return jax.nn.sigmoid(4 * (x[..., None] - marks.astype(x.dtype)))


def _fold_banks(x):
    """`[B, T, H, X]` to `[B H, T, X]`."""
    x = jnp.moveaxis(x, 2, 1)
    return x.reshape(-1, *x.shape[2:])


def _unfold_banks(x, batch):
    """`[B H, T, X]` to `[B, T, H, X]`."""
    return jnp.moveaxis(x.reshape(batch, -1, *x.shape[1:]), 1, 2)
