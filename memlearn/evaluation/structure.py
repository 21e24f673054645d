"""The structure of one layer of memory in one picture; a row of a panel is a task.

Above, a column of panels for each bank: what its keys and queries are made of, and at which steps
it is written and read. Below, the layer as a whole: what it admits, how many of its slots are used,
and how long what is written lives.
"""

import matplotlib

matplotlib.use("agg")
import numpy as np
from matplotlib import pyplot as plt

SHADES = matplotlib.colormaps["GnBu"].with_extremes(bad="0.85")  # grey: there are no such steps
ROW, GAP, LABELS = 0.17, 0.15, 0.95  # inches: a row, what lies between panels, labels of columns


def draw(found, title, path):
    """Draw the structure of one layer.

    Args:
      found: what `diagnostics.measure` returned.
      title: whose structure it is.
      path: `pathlib.Path` of the picture.
    """
    banks, panels = found["banks"], [*_source_panels(found), *_route_panels(found)]
    above = [ROW * len(rows) + (LABELS if columns else GAP) for _, rows, columns, _ in panels]
    below = LABELS + len(found["tasks"]) * max(ROW, 0.11 * banks)
    size = 2.6 + max(1.8 * banks, 7.2), 0.9 + sum(above) + below
    figure = plt.figure(figsize=size, layout="constrained")
    collapsed = found["writes"]["collapsed"] or found["reads"]["collapsed"]
    color = "tab:red" if collapsed else "black"
    figure.suptitle(f"{title}\n{balance(found)}", fontsize=11, color=color)
    upper, lower = figure.subfigures(2, 1, height_ratios=[sum(above), below])
    _draw_banks(upper, panels, banks)
    _draw_layer(lower, found)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def balance(found):
    """Return a line: how many banks of a layer take part in effect."""

    def taking(part):
        collapsed = " (collapsed)" if found[part]["collapsed"] else ""
        return f"{found[part]['effective_banks']:.1f} take the {part}{collapsed}"

    return f"of {found['banks']} banks, in effect, {taking('writes')}, {taking('reads')}"


def _source_panels(found):
    """Panels of keys and queries: name, rows, names of columns, values `[rows, columns, H]`."""
    tasks, nothing = found["tasks"], np.full((found["banks"], len(found["sources"])), np.nan)
    rows = [(when, task) for when in ("told", "asked") for task in tasks]
    for name, columns in (("keys", []), ("queries", found["sources"])):
        if any(measured[name] is None for measured in tasks.values()):
            return  # addresses are not made of sources
        values = np.array([tasks[task][name][when] or nothing for when, task in rows])
        yield name, [": ".join(row) for row in rows], columns, np.moveaxis(values, 1, 2)


def _route_panels(found):
    """Panels of routes, as `_source_panels` has them."""
    (columns, written), (_, read) = _by_kind(found, "write_banks"), _by_kind(found, "read_banks")
    yield "written", list(found["tasks"]), [], written
    yield "read", list(found["tasks"]), columns, read


def _by_kind(found, name):
    """The kinds of step that occur, and means over the steps of each `[tasks, kinds, ...]`."""
    tasks = [measured["routing"] for measured in found["tasks"].values()]
    kinds = [kind for kind in tasks[0] if any(task[kind]["steps"] for task in tasks)]
    nothing = np.full(np.shape(tasks[0]["all"][name]), np.nan)

    def mean(task, kind):
        return task[kind][name] if task[kind]["steps"] else nothing

    return kinds, np.array([[mean(task, kind) for kind in kinds] for task in tasks])


def _draw_banks(figure, panels, banks):
    heights = [len(rows) for _, rows, _, _ in panels]
    axes = figure.subplots(len(panels), banks, height_ratios=heights, squeeze=False)
    for line, (name, rows, columns, values) in zip(axes, panels):
        for bank, ax in enumerate(line):
            image = _draw_shades(ax, values[..., bank], [] if bank else rows, columns)
        line[0].set_ylabel(name, fontweight="bold", rotation=0, ha="right", va="center")
    for bank, ax in enumerate(axes[0]):
        ax.set_title(f"bank {bank}", color=f"C{bank}", fontweight="bold", fontsize=10)
    figure.colorbar(image, ax=axes, aspect=30).set_label("mean", fontsize=8)


def _draw_layer(figure, found):
    tasks, axes = list(found["tasks"]), figure.subplots(1, 3, width_ratios=[3, 2, 4])
    kinds, admitted = _by_kind(found, "admission")
    _draw_shades(axes[0], admitted, tasks, kinds)
    axes[0].set_title("admitted", fontweight="bold", fontsize=10)

    used = np.array([measured["slots_used"] for measured in found["tasks"].values()])
    banks = [f"bank {bank}" for bank in range(found["banks"])]
    _draw_shades(axes[1], used / found["slots"], [], banks)
    for (task, bank), number in np.ndenumerate(used):
        color = "white" if number > 0.6 * found["slots"] else "black"
        axes[1].text(bank, task, f"{number:.1f}", ha="center", va="center", fontsize=7, color=color)
    axes[1].set_title(f"slots used, of {found['slots']}", fontweight="bold", fontsize=10)

    for task, measured in enumerate(found["tasks"].values()):
        axes[2].axhline(task - 0.5, color="0.85", linewidth=0.8)
        for bank, life in enumerate(measured["lives"]):
            height = task + 0.8 * ((bank + 0.5) / found["banks"] - 0.5)
            _draw_life(axes[2], height, life, found["length"], f"C{bank}")
    axes[2].set(xlim=(0, found["length"] * 1.03), ylim=(len(tasks) - 0.5, -0.5), yticks=[])
    legend = "steps; a line between quartiles, a dot at the median\n(arrow: outlives the lifetime)"
    axes[2].set_xlabel(legend, fontsize=7)
    axes[2].tick_params(labelsize=7)
    axes[2].set_title("how long what is written lives", fontweight="bold", fontsize=10)


def _draw_life(ax, height, life, length, color):
    """A line from the first quartile to the third, or on to an arrow; a dot at the median."""
    if not life["writes"]:
        return
    first, median, third = life["quartiles"]
    ends = [length if end is None else end for end in (first, third)]
    ax.plot(ends, [height, height], color=color, linewidth=1.5)
    if median is not None:
        ax.plot(median, height, "o", color=color, markersize=4)
    if third is None:
        ax.plot(length, height, ">", color=color, markersize=4)


def _draw_shades(ax, values, rows, columns):
    """A heat map of values in [0, 1] `[rows, columns]`, with the labels it is given."""
    ax.set_yticks(range(len(rows)), rows, fontsize=7)
    ax.set_xticks(range(len(columns)), columns, fontsize=7, rotation=90)
    return ax.imshow(values, aspect="auto", cmap=SHADES, vmin=0, vmax=1, interpolation="nearest")
