"""How pictures show an event: what was met, said and answered, and in which colours."""

import textwrap

import numpy as np

from memlearn.tasks import language
from memlearn.types import SENSES

WRITTEN, READ = "tab:orange", "tab:blue"  # what is done to a memory, and what is asked of it
RIGHT, WRONG = "tab:green", "tab:red"
LEAST = 0.05  # weights that are less are not shown
VERBS = {"image": "saw", "name": "read", "speech": "heard", "vector": "perceived"}


def senses(steps):
    """Return the names of what can be shown of steps: their senses, or numbers if nothing is said.

    Args:
      steps: `TimeStep`.
    """
    shown = SENSES if "text" in steps.observation else (*SENSES, "vector")
    return [sense for sense in shown if sense in steps.observation]


def draw_form(ax, sense, form, extent, fontsize, rotation=0, alpha=None):
    """Draw what was met by one sense.

    Args:
      ax: axes.
      sense: one of `senses`.
      form: image, uint8 `[height, width, 3]`; name, uint8 `[L]`; spectrogram, uint8 `[frames,
        bands]`; or numbers, float `[P]`.
      extent: left, right, bottom and top, in the units of the axes.
      fontsize, rotation: of a name.
      alpha: how opaque, in [0, 1].
    """
    place = dict(extent=extent, aspect="auto", alpha=alpha)
    if sense == "name":
        middle, style = (np.mean(extent[:2]), np.mean(extent[2:])), dict(ha="center", va="center")
        # The fonts that are there have no Chinese and no Japanese.
        name = "".join(c if c < "\u2e80" else "·" for c in bytes(form).rstrip(b"\0").decode())
        name = textwrap.fill(name, 14, max_lines=3, placeholder="…")
        ax.text(*middle, name, fontsize=fontsize, rotation=rotation, alpha=alpha, **style)
    elif sense == "speech":
        ax.imshow(form.T, origin="lower", cmap="magma", **place)
    elif sense == "vector":
        ax.imshow(form[None], cmap="RdBu", vmin=-1, vmax=1, interpolation="nearest", **place)
    else:
        ax.imshow(form, **place)


def said(steps, time):
    """Return what was said at a step: an instruction and maybe a word, or nothing."""
    instruction, token = steps.observation.get("text", np.zeros((time + 1, 2), int))[time]
    if instruction not in language.SPOKEN:
        return []
    word = [] if steps.question[time] else [f"w{token - language.FIRST_WORD}"]
    return [language.SPOKEN[int(instruction)], *word]


def answered(record, time):
    """Return what was answered at a step, and in which colour to show it.

    Args:
      record: `Record` of one lifetime, arrays `[T, ...]`.
      time: the step.

    Returns:
      a list, of the answer and the right one if it was not, or of the action and its reward if
      nobody knows what is right; empty where nothing was asked.
    """
    steps, reward = record.steps, record.rewards[time]
    color = RIGHT if reward > 0 else WRONG
    if not steps.question[time]:
        return [], color
    if "text" not in steps.observation:
        return [f"does {record.actions[time]}", f"({reward:+.2g})"], color if reward else "tab:gray"
    right = [] if reward > 0 else [f"(w{steps.oracle[time]})"]
    return [f"w{record.actions[time]}", *right], color


def touched(trace):
    """Return how many slots of a bank to show: up to the last that was written to or read from.

    Args:
      trace: `SlotTrace` of one lifetime, arrays `[T, ...]`.
    """
    most = np.maximum(trace.write, trace.read).max((0, 1))
    return int(np.flatnonzero(most > LEAST).max(initial=0)) + 1
