"""The contract that every memory keeps.

    state             = memory.initial_state(batch)
    state, out, trace = memory(state, events, boundaries)

A memory reads a stream of events and answers each with what it recalls, in one or more parts. It
is causal, and a stream may be cut anywhere: two halves, the state handed from one to the other,
give what the whole gives, and acting (one step a call) gives what training (all steps in one call)
gives. At a `LIFETIME` boundary whatever was in it is gone, so that every stream begins with one.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from memlearn.types import Event

State = Any  # a named, immutable pytree of arrays [B, ...]


class Memory(nn.Module):
    """A recurrent module from events to what is remembered of them.

    Attributes:
      width: D, the width of the fused event and of what the memory returns.
      perceived: how many modalities of an event are perceived.
      recalled: how many parts the layer of memory below recalls, 0 for the first layer. They follow
        as modalities, so that M = perceived + recalled.
    """

    width: int
    perceived: int
    recalled: int

    @property
    def parts(self) -> int:
        """R, of how many parts `out` is; a memory that has several says so."""
        return 1

    def initial_state(self, batch: int, dtype=jnp.float32) -> State:
        """Return the state of `batch` memories that nothing was written to, held in `dtype`."""
        raise NotImplementedError

    def limit(self, state: State, share) -> State:
        """Return a state that may use a share of the memory; all of one that has no slots.

        Args:
          state: what `initial_state` returned.
          share: of the slots, float in (0, 1] `[B]` or a number.
        """
        return state

    def __call__(self, state: State, events: Event, boundaries, trace: bool = False):
        """Perceive T events in order.

        Args:
          state: what `initial_state` or an earlier call returned.
          events: `Event`, arrays `[B, T, ...]`.
          boundaries: int32 `[B, T]` of boundary codes.
          trace: whether to return what was written and read where.

        Returns:
          state: the state after the last event, shapes and dtypes as before.
          out: `[B, T, R, D]`, in the dtype of `events.fused`: what was recalled is their sum.
          trace: a named tuple of arrays `[B, T, ...]`, or None where not asked for or none is kept.
        """
        raise NotImplementedError
