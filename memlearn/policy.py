"""The multimodal policy: encoders, layers of memory, and heads for words and value."""

from typing import Any, NamedTuple

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp

from memlearn.encoders.fuse import EventEncoder
from memlearn.memory.base import Memory
from memlearn.types import Event, TimeStep

NEVER = -1e9  # the logit of an answer that there is not; finite, so that its gradient is 0


class Output(NamedTuple):
    """What the policy says at each step.

    Attributes:
      logits: over words, float `[B, T, W]`; `NEVER` for those that are no choice.
      value: the reward it expects for its answer, float `[B, T]`; by PPO the return, in the units
        of `learning.ppo.prepare`.
      event: what it perceived, `Event`; None unless it predicts.
      predictions: of the embeddings of an event, float `[B, T, M, D]`; None unless it predicts.
    """

    logits: jax.Array
    value: jax.Array
    event: Event | None = None
    predictions: jax.Array | None = None


class MultimodalPolicy(nn.Module):
    """An agent: perceive, remember, answer.

    To each layer of memory, what the layer below recalled is part of the event, every part a
    modality of its own, so that it builds its structure on it.

    Attributes:
      encoder: from observations to events.
      memories: layers of memory, the lowest first.
      words: W, the number of actions.
      predicts: whether it has a head that predicts embeddings, for `learning/prediction.py`.
    """

    encoder: EventEncoder
    memories: tuple[Memory, ...]
    words: int
    predicts: bool = False

    def initial_state(self, batch: int, share=1.0) -> tuple[Any, ...]:
        """Return the state of every layer of memory, for `batch` lifetimes.

        Args:
          batch: B.
          share: of the slots of each bank, how much may be used, a number or float `[B]`.
        """
        return tuple(memory.limit(memory.initial_state(batch), share) for memory in self.memories)

    @nn.compact
    def __call__(self, state, steps: TimeStep, trace: bool = False):
        """Live through T steps.

        Args:
          state: what `initial_state` or an earlier call returned.
          steps: `TimeStep`, arrays `[B, T, ...]`; question and oracle are not
            looked at; choices say which answers there are.
          trace: whether to return what each memory wrote and read where.

        Returns:
          the state after the last step, `Output`, and a tuple of traces, one a layer (each None
          where not asked for).
        """
        chex.assert_equal(len(state), len(self.memories))
        perceived = events = self.encoder(steps.observation, steps.present)
        states, traces = [], []
        for memory, before in zip(self.memories, state):
            after, recalled, memory_trace = memory(before, events, steps.boundary, trace)
            chex.assert_shape(recalled, (*events.fused.shape[:2], memory.parts, memory.width))
            events = _recalling(perceived, recalled, events.fused)
            states.append(after)
            traces.append(memory_trace)
        features = events.fused + nn.Dense(events.fused.shape[-1])(nn.gelu(events.fused))
        logits = nn.Dense(self.words, name="words")(features)
        legal = jnp.arange(self.words) < steps.choices[..., None]
        logits = jnp.where(legal, logits, NEVER)
        value = nn.Dense(1, name="value")(features)[..., 0]
        output = Output(logits, value)
        if self.predicts:
            shape = perceived.embeddings.shape
            flat = nn.Dense(shape[-2] * shape[-1], name="predictions")(features)
            output = output._replace(event=perceived, predictions=flat.reshape(shape))
        return tuple(states), output, tuple(traces)


def _recalling(perceived, recalled, fused):
    """The event as the next layer sees it: what was recalled `[B, T, R, D]` is present too.

    Each part is scaled to one size, so that how far it was asked for counts in `fused` alone; it is
    always present, also where nothing was found.
    """
    parts, always = jax.nn.standardize(recalled), jnp.ones(recalled.shape[:3], bool)
    return Event(
        embeddings=jnp.concatenate([perceived.embeddings, parts], axis=2),
        present=jnp.concatenate([perceived.present, always], axis=2),
        fused=nn.LayerNorm()(fused + recalled.sum(axis=2)),
    )
