"""Many runs in one table: a row for each task and memory, the mean over its seeds."""

import json

import numpy as np
from scipy import stats

from memlearn.memory import designs
from memlearn.training import workdir

COLUMNS = (
    "task", "memory", "seeds", "seen", "held-out", "95 %", "empty", "other", "2x classes",
    "4x delay",
)  # fmt: skip


def read(folder):
    """Return what a run was and what its evaluation found, one flat record for each of its tasks.

    Args:
      folder: `pathlib.Path` of an evaluated run.
    """
    config = workdir.read_config(folder)
    found = json.loads((folder / "evaluation.json").read_text())
    commit = (folder / "commit.txt").read_text().strip()
    axes = [f"{axis}={config.memory[axis]}" for axis in designs.AXES if config.memory[axis]]
    memory = ", ".join([config.memory.kind, *axes])
    run = {"trained": config.task, "memory": memory, "seed": config.seed}
    return [{**run, "commit": commit, **task} for task in found.get("tasks", [found])]


def as_markdown(records):
    """Return a Markdown table of the records of `read`, in their order of appearance."""
    groups = {}
    for record in records:
        task, trained = record["task"], record["trained"]
        name = task if task == trained else f"{task}, of {trained}"
        groups.setdefault((name, record["memory"]), []).append(record)
    rows = [COLUMNS, ["---"] * len(COLUMNS)]
    rows += [_row(*name, group) for name, group in groups.items()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _row(task, memory, group):
    def mean(*path):
        values = group
        for name in path:
            values = [value[name] for value in values]
        return f"{np.mean(values):.3f}"

    low, high = interval([record["heldout"] for record in group])
    scores = mean("seen", "score"), mean("heldout", "score"), f"{low:.3f} - {high:.3f}"
    controls = mean("heldout", "empty"), mean("heldout", "other")
    far = (mean("extrapolation", name, "score") for name in ("classes_x2", "delay_x4"))
    return [task, f"`{memory}`", str(len(group)), *scores, *controls, *far]


def interval(heldout):
    """Return the 95 % interval: of Student's t over seeds, or of one seed over its lifetimes.

    Args:
      heldout: a dict of `score`, `low` and `high` for each seed.
    """
    if len(heldout) == 1:
        return heldout[0]["low"], heldout[0]["high"]
    scores = [score["score"] for score in heldout]
    half = stats.t.ppf(0.975, len(scores) - 1) * stats.sem(scores)
    return np.mean(scores) - half, min(1.0, np.mean(scores) + half)
