"""Words and shapes that everything else shares.

Arrays are batch-major. The axes, wherever they appear:

    B  batch of lifetimes      T  time steps           M  modalities
    H  banks                   N  slots per bank       S  sources, (modality, lag) pairs
    R  parts of what is recalled
    D  model width             K  key width            V  value width
    C  classes                 F  faces                W  words
"""

from typing import NamedTuple

import jax

# Boundary codes, one per step: what ended just before the step.
NONE = 0  # nothing: the episode goes on
EPISODE = 1  # an episode of the same lifetime begins; memory persists, as far as it survives
LIFETIME = 2  # a new lifetime begins; memory is reset


# By which a thing can be met: how it looks, how its name is written, how its name sounds.
SENSES = ("image", "name", "speech")

SIDE = 32  # sides of what is read by squares, an image or a spectrogram, are multiples of it
DEVICES = "data"  # the axis of devices over which batches are spread, and what is KNOWN
KNOWN = "known"  # the name of a parameter: slots that all lifetimes share

PAD = 0  # the token of a text that says nothing


class TimeStep(NamedTuple):
    """What an agent is given at one step, and what a teacher would do there.

    Attributes:
      observation: modality name -> array `[B, T, ...]` in the modality's own format.
      present: modality name -> bool `[B, T]`; where False the modality carries nothing.
      boundary: int32 `[B, T]`, one of `NONE`, `EPISODE`, `LIFETIME`.
      question: bool `[B, T]`, whether the action of this step is an answer.
      oracle: int32 `[B, T]`, the right action; meaningful where `question`.
      choices: int32 `[B, T]`, how many answers there are to choose from: the actions below it.
    """

    observation: dict[str, jax.Array]
    present: dict[str, jax.Array]
    boundary: jax.Array
    question: jax.Array
    oracle: jax.Array
    choices: jax.Array


class Event(NamedTuple):
    """What an agent perceived at each step, embedded.

    Attributes:
      embeddings: float `[B, T, M, D]`, zero where the modality is absent. After what is perceived
        come the parts of what the layer of memory below recalled, if there is one.
      present: bool `[B, T, M]`.
      fused: float `[B, T, D]`, all modalities of the step in one vector.
    """

    embeddings: jax.Array
    present: jax.Array
    fused: jax.Array


class UserError(Exception):
    """Something that whoever typed the command can mend; its text is one line that says how."""
