"""The figures of a study: scores by task, and scores against capacity."""

import math

import matplotlib

matplotlib.use("agg")
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.ticker import NullLocator

from memlearn.evaluation import comparison

# Colours that the colour-blind tell apart (Okabe and Ito); markers help where there is no colour.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F")
MARKERS = "osD^vPX"
DASHES = ("-", "--", "-.")  # of the first seven lines, of the next, and of those after them
INK = "#333333"
CHANCE = dict(color=INK, linestyle=":", linewidth=1)
STYLE = {
    "font.size": 8,
    "axes.titlesize": 9,
    "figure.labelsize": 8,
    "axes.edgecolor": "#999999",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "xtick.major.size": 2,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "savefig.dpi": 200,
    "pdf.fonttype": 42,  # text stays text
}


def draw(stem, lines):
    """Draw the figures of a study, STEM and, of lines with a `budget`, STEM-capacity.

    Args:
      stem: `pathlib.Path` without a suffix.
      lines: the dicts of `study.read`.

    Returns:
      the paths of what was drawn, each figure as .png and as .pdf.
    """
    whole, cut = comparison.split(lines)
    paths = []
    with plt.rc_context(STYLE):
        if whole:
            paths += _save(_scores(whole), stem)
        if cut:
            paths += _save(_capacity(cut), stem.with_name(f"{stem.name}-capacity"))
    return paths


def _scores(lines):
    """A panel for each task, its variants from top to bottom; the first is the one to compare."""
    chance, found = comparison.chance(lines), comparison.estimates(comparison.held_out(lines))
    first = next(iter(found))
    figure, panels = _panels(chance, width=1.7, height=0.45 + 0.2 * len(found))
    for task, ax in panels.items():
        ax.axvline(found[first][task].mean, color=COLORS[0], linewidth=0.8, alpha=0.5)
        for place, (variant, by_task) in enumerate(found.items()):
            label, color = (first, COLORS[0]) if variant == first else ("other variants", INK)
            ax.errorbar(
                by_task[task].mean, place, xerr=_arms([by_task[task]]), fmt="o", markersize=4,
                linewidth=1.5, color=color, label=label,
            )  # fmt: skip
        ax.axvline(chance[task], **CHANCE, label="chance")
        ax.set(xlim=(-0.02, 1.02), xticks=(0, 0.5, 1), xticklabels=("0", ".5", "1"))
        ax.set(ylim=(len(found) - 0.5, -0.5), yticks=range(len(found)), yticklabels=found)
        ax.grid(axis="y", visible=False)
    figure.supxlabel("answered right on held-out classes (mean, 95 % interval)")
    _legend(figure, ax, loc="outside upper center", ncols=3)
    return figure


def _capacity(lines):
    """Scores against slots: a panel for each task, or one panel for the tasks of one variant."""
    chance, curves = comparison.chance(lines), comparison.capacity(lines)
    panels = {task: {v: by_task[task] for v, by_task in curves.items()} for task in chance}
    levels = {task: [chance[task]] for task in chance}
    if len(curves) == 1:
        guesses = {level for task, level in chance.items() if task != comparison.MEAN}
        panels, levels = curves, {variant: guesses for variant in curves}
    figure, axes = _panels(panels, width=2.2, height=2.1)
    for name, ax in axes.items():
        for index, (label, curve) in enumerate(panels[name].items()):
            _line(ax, curve, label, index, len(panels[name]))
        for level in levels[name]:
            ax.axhline(level, **CHANCE, label="chance")
        slots = sorted({line["budget"] for line in lines})
        ax.set_xscale("log", base=2)
        ax.set(ylim=(0, 1.02), xticks=slots, xticklabels=slots)
        ax.xaxis.set_minor_locator(NullLocator())
    figure.supxlabel("slots in each bank")
    figure.supylabel("answered right on held-out classes")
    _legend(figure, ax, loc="outside right center")
    return figure


def _panels(names, width, height):
    """A figure with a panel for each name, and the panels by name; at most four stand in a row."""
    rows = math.ceil(len(names) / 4)
    columns = math.ceil(len(names) / rows)
    size = max(4.4, 1.2 + width * columns), 0.7 + height * rows
    figure, axes = plt.subplots(
        rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    panels = dict(zip(names, axes.flat))
    for name, ax in panels.items():
        ax.set_title(name, fontweight="bold" if name == comparison.MEAN else None)
    for ax in axes.flat[len(panels) - columns : len(panels)]:
        ax.tick_params(labelbottom=True)  # nothing stands below it
    for ax in axes.flat[len(panels) :]:
        ax.remove()
    return figure, panels


def _line(ax, curve, label, index, lines):
    """One curve; the lines of a panel stand a little apart, so that no interval hides another."""
    shift = 2 ** (0.25 * ((index + 0.5) / lines - 0.5))
    look = index % len(COLORS)
    mean = label == comparison.MEAN
    ax.errorbar(
        [slots * shift for slots in curve], [score.mean for score in curve.values()],
        yerr=_arms(curve.values()), label=label, color=INK if mean else COLORS[look],
        marker=None if mean else MARKERS[look], linestyle=DASHES[index // len(COLORS) % 3],
        linewidth=2 if mean else 1.2, elinewidth=0.8, markersize=4,
    )  # fmt: skip


def _arms(scores):
    """How far intervals reach to both sides `[2, scores]`, as far as a score can; 0 if unknown."""
    mean, low, high = np.transpose(list(scores))
    return np.nan_to_num([mean - np.maximum(low, 0), np.minimum(high, 1) - mean])


def _legend(figure, ax, **place):
    """A legend for all panels, each label once."""
    handles, labels = ax.get_legend_handles_labels()
    once = dict(zip(labels, handles))
    figure.legend(once.values(), once, **place)


def _save(figure, stem):
    paths = [stem.with_name(f"{stem.name}.{suffix}") for suffix in ("png", "pdf")]
    for path in paths:
        figure.savefig(path)
    plt.close(figure)
    return paths
