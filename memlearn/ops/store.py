r"""A store of very many slots, of which each step writes and reads a few.

At step t the rows of the slots :math:`i \in R_t` are read, and those of :math:`i \in W_t` written:

    read_t  = sum_i p_ti M_{t-1}[i]                over i in R_t
    M_t[i]  = (1 - w_ti) M_{t-1}[i] + w_ti v_t     for i in W_t, and M_{t-1}[i] for all others

A lifetime starts with all rows 0. None is set to 0 for it: each slot bears the number of the
lifetime that wrote it last, and what bears another is read as 0.

Of each step only the rows that it writes and reads are kept for the gradient, which has a store of
its own: T steps take O(T k V + N V) of memory, and not O(T N V); and of time O(T k V), where the
gradient that JAX would make copies a store at each of them.
"""

from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
from jax import lax


class Store(NamedTuple):
    """A store of N slots.

    Attributes:
      values: float `[N, V]`.
      lives: int32 `[N]`, which lifetime has written a slot last; -1 for none.
    """

    values: jax.Array
    lives: jax.Array


class Steps(NamedTuple):
    """What happens at each of T steps.

    Attributes:
      written: int32 `[T, k]`, slots that are written, no two of a step the same,
        except of those past the end, which are not written.
      w: float `[T, k]`, by how much, in [0, 1].
      v: float `[T, V]`, what is written.
      asked: int32 `[T, j]`, slots that are read, before the write.
      p: float `[T, j]`, with which weight.
      life: int32 `[T]`, the number of the lifetime, which grows by 1 where one starts.
    """

    written: jax.Array
    w: jax.Array
    v: jax.Array
    asked: jax.Array
    p: jax.Array
    life: jax.Array


def empty(slots, width, dtype=jnp.float32):
    """Return a `Store` nothing was ever written to."""
    return Store(jnp.zeros((slots, width), dtype), jnp.full(slots, -1, jnp.int32))


def write_and_read(store, steps):
    """Take T steps.

    Args:
      store: `Store`.
      steps: `Steps`.

    Returns:
      reads, float `[T, V]`, and the `Store` after the last step.

    Raises:
      AssertionError: if shapes or dtypes disagree.
    """
    chex.assert_rank([steps.written, steps.asked, steps.v, store.values], 2)
    time = len(steps.written)
    chex.assert_equal_shape([steps.w, steps.written])
    chex.assert_equal_shape([steps.p, steps.asked])
    chex.assert_shape(steps.asked, (time, None))
    chex.assert_shape(steps.v, (time, store.values.shape[1]))
    chex.assert_shape([steps.life, store.lives], [(time,), (len(store.values),)])
    chex.assert_type(store.values, float)
    chex.assert_type([steps.w, steps.v, steps.p], store.values.dtype)
    chex.assert_type([steps.written, steps.asked, steps.life, store.lives], jnp.int32)
    return _run(steps, store)


def write_and_read_sharded(store, steps, axis_name):
    """Take T steps in a store whose slots are spread over devices.

    To be called inside `jax.shard_map`.

    Every device takes all steps, in those slots that it has; what is read is summed over devices.
    The slots of the first come first.

    Args:
      store: `Store` of this device's slots; all devices have as many.
      steps: `Steps`, of slots of all devices, and the same on all of them.
      axis_name: of the devices.

    Returns:
      reads, float `[T, V]`, the same on all devices, and the `Store` of this device's slots.

    Raises:
      AssertionError: if shapes or dtypes disagree.
    """
    count = len(store.lives)
    first = lax.axis_index(axis_name) * count

    def own(slots, weights):
        """Slots by their place here; those that are elsewhere past the end, of weight 0."""
        here = (first <= slots) & (slots < first + count)
        return jnp.where(here, slots - first, count), jnp.where(here, weights, 0)

    written, w = own(steps.written, steps.w)
    asked, p = own(steps.asked, steps.p)
    v, life = lax.pcast((steps.v, steps.life), axis_name, to="varying")
    reads, store = write_and_read(store, Steps(written, w, v, asked, p, life))
    return lax.psum(reads, axis_name), store


@jax.custom_vjp
def _run(steps, store):
    return _forward(steps, store)[0]


def _forward(steps, store):
    """Return the results, and the steps with the rows that they found."""

    def step(store, now):
        # All at once, and what is written depends on it, so that nothing is left to be read when
        # the store is written over: else XLA copies it.
        slots, count = jnp.append(now.asked, now.written), len(now.asked)
        lives = store.lives.at[slots].get(mode="clip")
        mine = (lives == now.life)[:, None]
        seen = jnp.where(mine, store.values.at[slots].get(mode="clip"), 0)
        asked, written = _Rows(seen[:count], mine[:count]), _Rows(seen[count:], mine[count:])
        new = (1 - now.w)[:, None] * written.seen + now.w[:, None] * now.v
        values = store.values.at[now.written].set(new, mode="drop")
        later = jnp.maximum(lives[count:], now.life)  # which is `life`: none is later
        store = Store(values, store.lives.at[now.written].set(later, mode="drop"))
        return store, (now.p @ asked.seen, (now, written, asked))

    store, (reads, kept) = lax.scan(step, store, steps)
    return (reads, store), kept


def _backward(kept, cotangents):
    d_reads, d_store = cotangents

    def step(d_values, now):
        (now, written, asked), d_read = now
        d_new = d_values.at[now.written].get(mode="clip")
        d_w = jnp.sum(d_new * (now.v - written.seen), axis=1)
        d_held = jnp.where(written.mine, (1 - now.w)[:, None] * d_new, 0)
        d_asked = jnp.where(asked.mine, now.p[:, None] * d_read, 0)
        d_values = d_values.at[now.written].set(d_held, mode="drop")
        d_values = d_values.at[now.asked].add(d_asked, mode="drop")
        return d_values, (d_w, now.w @ d_new, asked.seen @ d_read)

    d_values, (d_w, d_v, d_p) = lax.scan(step, d_store.values, (kept, d_reads), reverse=True)
    return Steps(None, d_w, d_v, None, d_p, None), Store(d_values, None)


_run.defvjp(_forward, _backward)


class _Rows(NamedTuple):
    """Rows `[k, V]` as a lifetime sees them, and which of them, `[k, 1]`, it has written."""

    seen: jax.Array
    mine: jax.Array
