"""Many runs in one table: a row for each task and memory, the mean over its seeds."""

import json

import numpy as np

from memlearn.evaluation import study
from memlearn.evaluation.estimate import Estimate, of_score, over_seeds
from memlearn.evaluation.tables import Table
from memlearn.memory import designs
from memlearn.training import workdir
from memlearn.types import UserError

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
    run["settings"] = study.digest(config)
    return [{**run, "commit": commit, **task} for task in found.get("tasks", [found])]


def compares(folder):
    """Return whether an evaluated run can stand beside others: it was evaluated at a task."""
    config = workdir.read_config(folder)
    recorded = "experience" in config and config.experience.folder  # older runs know of none
    return not recorded and ":" not in config.task


def as_table(records):
    """Return a `Table` of the records of `read`, in their order of appearance.

    Seeds of one configuration share a row. Where memories of one name differ in something else, the
    digest of their configuration stands behind it.

    Raises:
      UserError: if a seed is there twice.
    """
    groups = {}
    for record in records:
        task, trained = record["task"], record["trained"]
        name = task if task == trained else f"{task}, of {trained}"
        groups.setdefault((name, record["memory"], record["settings"]), []).append(record)
    names = [group[:2] for group in groups]
    rows = []
    for (task, memory, settings), group in groups.items():
        seeds = [record["seed"] for record in group]
        if len(set(seeds)) < len(seeds):
            raise UserError(f"two runs are of {task}, {memory}, and the same seed; leave one out")
        label = memory if names.count((task, memory)) == 1 else f"{memory} ({settings})"
        rows.append((task, label, len(group), *_scores(group)))
    return Table("runs", "Scores of runs, mean over seeds", COLUMNS, rows)


def _scores(group):
    def mean(*path):
        values = group
        for name in path:
            values = [value[name] for value in values]
        return Estimate(np.mean(values))

    held_out = over_seeds([of_score(record["heldout"]) for record in group])
    interval = f"{max(0, held_out.low):.3f} - {min(1, held_out.high):.3f}"
    controls = mean("heldout", "empty"), mean("heldout", "other")
    far = (mean("extrapolation", name, "score") for name in ("classes_x2", "delay_x4"))
    return [mean("seen", "score"), Estimate(held_out.mean), interval, *controls, *far]
