"""One lifetime as a strip: what the agent saw, what it answered, and what its memory did."""

import functools

import matplotlib

matplotlib.use("agg")
import numpy as np
from matplotlib import pyplot as plt

from memlearn.evaluation import scene
from memlearn.memory.slot_memory import SlotTrace


def draw(record, trace, sources, path):
    """Draw one lifetime, its steps from left to right.

    Above: what was met, by every sense; what was said; the answers, green if right and red, with
    the right one, if not. Below, if the memory is one of slots: admission; write weights and read
    weights over the slots that were touched, bank by bank; and of which sources the keys and
    queries of the bank most written to were composed.

    Args:
      record: `Record` of one lifetime, arrays `[T, ...]`.
      trace: `SlotTrace` of the lifetime, arrays `[T, ...]`; another memory's is not drawn.
      sources: names of the sources, in the order of the trace.
      path: `pathlib.Path` of the picture.
    """
    length = record.actions.shape[0]
    panels = _panels(trace, sources) if isinstance(trace, SlotTrace) else []
    met = scene.senses(record.steps)
    panels = [
        *((1.0, functools.partial(_draw_sense, record.steps, sense)) for sense in met),
        (0.9, functools.partial(_draw_words, record)),
        *panels,
    ]
    heights = [height for height, _ in panels]
    figure, axes = plt.subplots(
        len(heights), 1, figsize=(1.2 + 0.5 * length, 0.62 * sum(heights) + 0.6),
        height_ratios=heights, sharex=True, constrained_layout=True,
    )  # fmt: skip
    for ax, (_, draw_panel) in zip(axes, panels):
        draw_panel(ax)
    axes[-1].set(xlim=(-0.5, length - 0.5), xlabel="step")
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _draw_sense(steps, sense, ax):
    for time in np.flatnonzero(steps.present[sense]):
        form, extent = steps.observation[sense][time], (time - 0.46, time + 0.46, 0, 1)
        scene.draw_form(ax, sense, form, extent, fontsize=4, rotation=90)
    ax.set(ylim=(0, 1), yticks=[], ylabel=scene.VERBS[sense])


def _draw_words(record, ax):
    for time in range(record.actions.shape[0]):
        said, (answered, color) = scene.said(record.steps, time), scene.answered(record, time)
        color = color if answered else "black" if said else "tab:gray"
        text = "\n".join([*said, *answered]) or "·"
        ax.text(time, 0.5, text, ha="center", va="center", color=color, fontsize=8)
    ax.set(ylim=(0, 1), yticks=[], ylabel="told,\nanswered")


def _panels(trace, sources):
    """The panels below the words: pairs of a height and a function that draws on axes."""
    slots = scene.touched(trace)
    bank = int(trace.write.sum((0, 2)).argmax())
    panels = [
        (0.9, functools.partial(_draw_admission, trace.admission)),
        (4.0, functools.partial(_draw_slots, trace.write[..., :slots], "written to")),
        (4.0, functools.partial(_draw_slots, trace.read[..., :slots], "read from")),
    ]
    if trace.key_sources is not None:
        height = max(2.4, 0.17 * len(sources))  # so that their names have room
        for name in ("key", "query"):
            weights = getattr(trace, f"{name}_sources")[:, bank]
            label = f"{name} of\nbank {bank}"
            panels.append((height, functools.partial(_draw_sources, weights, sources, label)))
    return panels


def _draw_admission(admission, ax):
    ax.bar(np.arange(len(admission)), admission, color=scene.WRITTEN)
    ax.set(ylim=(0, 1), ylabel="admission")


def _draw_slots(weights, label, ax):
    length, banks, slots = weights.shape
    rows = weights.reshape(length, -1).T
    ax.imshow(rows, aspect="auto", cmap="magma", vmin=0, vmax=1, interpolation="nearest")
    for bank in range(1, banks):
        ax.axhline(bank * slots - 0.5, color="white", linewidth=0.6)
    middles = (np.arange(banks) + 0.5) * slots - 0.5
    ax.set(yticks=middles, yticklabels=[f"bank {bank}" for bank in range(banks)], ylabel=label)


def _draw_sources(weights, sources, label, ax):
    assert weights.shape[-1] == len(sources), (weights.shape, sources)
    ax.imshow(weights.T, aspect="auto", cmap="viridis", vmin=0, vmax=1, interpolation="nearest")
    ax.set(yticks=range(len(sources)), ylabel=label)
    ax.set_yticklabels(sources, fontsize=7)
