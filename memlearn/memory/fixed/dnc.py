"""The differentiable neural computer: a controller that addresses a memory as a computer does.

A baseline of memory designed by hand: it writes where memory is free or alike, and reads by content
or in the order of writing. Graves et al., "Hybrid computing using a neural network with dynamic
external memory", Nature 538, 2016, Methods; letters as in `dnc_addressing`.
"""

import itertools
import math
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from memlearn.memory.base import Memory
from memlearn.memory.fixed import dnc_addressing as addressing
from memlearn.types import LIFETIME


class DNCState(NamedTuple):
    """What is carried from one event to the next, all of it float and zero at first.

    Attributes:
      memory: `[B, N, V]`.
      usage: `[B, N]`.
      link: `[B, N, N]`; `link[i, j]` is how far slot i was written right after slot j.
      precedence: `[B, N]`, how far each slot was the last one written.
      write, read: weights of the last step, `[B, N]` and `[B, R, N]`.
      reads: what was read with them, `[B, R, V]`.
      controller: cell and hidden state of the LSTM, `[B, hidden]` each.
    """

    memory: jax.Array
    usage: jax.Array
    link: jax.Array
    precedence: jax.Array
    write: jax.Array
    read: jax.Array
    reads: jax.Array
    controller: tuple[jax.Array, jax.Array]


class Interface(NamedTuple):
    """What the controller tells the heads at one step ("Interface parameters").

    Attributes:
      read_keys, read_strengths: what to look for, `[B, R, V]` and `[B, R]`.
      write_key, write_strength: which slot to write again, `[B, 1, V]` and `[B, 1]`: one head.
      erase, add: what to take out of a slot and put into it, `[B, V]`.
      free: whether what each head last read may be overwritten, `[B, R]`.
      allocate, write: whether to write where it is free, and whether at all, `[B]`.
      modes: how to read: backward, by content or forward, `[B, R, 3]`.
    """

    read_keys: jax.Array
    read_strengths: jax.Array
    write_key: jax.Array
    write_strength: jax.Array
    erase: jax.Array
    add: jax.Array
    free: jax.Array
    allocate: jax.Array
    write: jax.Array
    modes: jax.Array


def interface_shapes(heads, width):
    """Return an `Interface` of the shapes of its parts for one memory; R and V are given."""
    reading = dict(read_keys=(heads, width), read_strengths=(heads,), free=(heads,))
    writing = dict(write_key=(1, width), write_strength=(1,), erase=(width,), add=(width,))
    return Interface(**reading, **writing, allocate=(), write=(), modes=(heads, 3))


def interface(vector, heads, width):
    """Cut the interface vector into its parts, and bring each into its range.

        strengths: oneplus(x) = 1 + log(1 + e^x);   erase and gates: sigmoid;   modes: softmax

    Args:
      vector: float `[..., R V + 3 V + 5 R + 3]`.
      heads, width: R, V.

    Returns:
      `Interface`, arrays `[..., *shape]`.
    """
    shapes = interface_shapes(heads, width)
    *ends, _ = itertools.accumulate(map(math.prod, shapes))
    parts = zip(jnp.split(vector, ends, axis=-1), shapes)
    raw = Interface(*(part.reshape(*vector.shape[:-1], *shape) for part, shape in parts))
    return raw._replace(
        read_strengths=1 + jax.nn.softplus(raw.read_strengths),
        write_strength=1 + jax.nn.softplus(raw.write_strength),
        erase=jax.nn.sigmoid(raw.erase),
        free=jax.nn.sigmoid(raw.free),
        allocate=jax.nn.sigmoid(raw.allocate),
        write=jax.nn.sigmoid(raw.write),
        modes=jax.nn.softmax(raw.modes),
    )


def access(state, said):
    """Write once, then read with every head, as the controller says.

    Args:
      state: `DNCState` of the step before.
      said: `Interface`.

    Returns:
      `DNCState`, the controller as it was.
    """
    usage = addressing.usage_after(state.usage, state.write, state.read, said.free)
    free = addressing.allocation(usage)
    alike = addressing.content_weights(state.memory, said.write_key, said.write_strength)
    write = addressing.write_weights(alike[..., 0, :], free, said.allocate, said.write)
    memory = addressing.memory_after(state.memory, write, said.erase, said.add)

    link = addressing.link_after(state.link, state.precedence, write)
    precedence = addressing.precedence_after(state.precedence, write)

    alike = addressing.content_weights(memory, said.read_keys, said.read_strengths)
    read = addressing.read_weights(link, state.read, alike, said.modes)
    reads = jnp.einsum("...rn,...nv->...rv", read, memory)
    return DNCState(memory, usage, link, precedence, write, read, reads, state.controller)


class DNCStep(nn.Module):
    """One event: the controller sees it beside what was last read, then memory is accessed."""

    hidden: int

    @nn.compact
    def __call__(self, state, inputs):
        """Take one step.

        Args:
          state: `DNCState`.
          inputs: events in the dtype of the state, `[B, D]`; bool `[B]`, where to forget first.

        Returns:
          `DNCState`, and the hidden state of the controller beside what was read,
          `[B, hidden + R V]`.
        """
        event, reset = inputs

        def forget(x):
            return jnp.where(jnp.expand_dims(reset, tuple(range(1, x.ndim))), 0, x)

        state = jax.tree.map(forget, state)
        batch, heads, width = state.reads.shape
        seen = jnp.concatenate([event, state.reads.reshape(batch, -1)], axis=-1)
        cell = nn.OptimizedLSTMCell(self.hidden, dtype=event.dtype, name="controller")
        controller, hidden = cell(state.controller, seen)

        size = sum(map(math.prod, interface_shapes(heads, width)))
        vector = nn.Dense(size, dtype=event.dtype, name="interface")(hidden)
        state = access(state._replace(controller=controller), interface(vector, heads, width))
        return state, jnp.concatenate([hidden, state.reads.reshape(batch, -1)], axis=-1)


class DNCMemory(Memory):
    """The differentiable neural computer over the fused event, with one write head.

    Attributes:
      slots, word_width, read_heads: N, V, R.
      hidden: width of the controller, an LSTM.
    """

    slots: int
    word_width: int
    read_heads: int
    hidden: int

    def initial_state(self, batch, dtype=jnp.float32):
        def zeros(*shape):
            return jnp.zeros((batch, *shape), dtype)

        return DNCState(
            memory=zeros(self.slots, self.word_width),
            usage=zeros(self.slots),
            link=zeros(self.slots, self.slots),
            precedence=zeros(self.slots),
            write=zeros(self.slots),
            read=zeros(self.read_heads, self.slots),
            reads=zeros(self.read_heads, self.word_width),
            controller=(zeros(self.hidden), zeros(self.hidden)),
        )

    @nn.compact
    def __call__(self, state, events, boundaries, trace=False):
        over_time = dict(in_axes=1, out_axes=1)
        shared = dict(variable_broadcast="params", split_rngs={"params": False})
        run = nn.scan(DNCStep, **shared, **over_time)(self.hidden, name="step")
        events_in_state_dtype = events.fused.astype(state.memory.dtype)
        resets = boundaries == LIFETIME
        state, outs = run(state, (events_in_state_dtype, resets))
        out = nn.Dense(self.width, name="out")(outs).astype(events.fused.dtype)[:, :, None]
        return state, out, None
