"""The report of an evaluation: one JSON object, or a table for people."""

import json

from rich.table import Table

ROWS = {
    "seen": "classes and faces trained on",
    "heldout": "held-out classes and faces",
    "classes_x2": "... twice the classes",
    "delay_x4": "... four times the delay",
}


def as_json(task, step, scores):
    """Return the report as a dict of plain values.

    Args:
      task: its name.
      step: updates the checkpoint has taken.
      scores: name of a row of `ROWS` -> `Score`.
    """
    scores = {name: score._asdict() for name, score in scores.items()}
    return {
        "task": task,
        "step": step,
        "seen": scores.pop("seen"),
        "heldout": scores.pop("heldout"),
        "extrapolation": scores,
    }


def save(folder, task, step, scores):
    """Write the report to `evaluation.json` in `folder`; return its path."""
    path = folder / "evaluation.json"
    path.write_text(json.dumps(as_json(task, step, scores), indent=2) + "\n")
    return path


def as_table(task, step, scores, parameters, state_bytes):
    """Return the report as a `rich` table; arguments as for `as_json`, and the sizes to state."""
    table = Table(
        title=f"{task} after {step} updates",
        caption=f"{parameters:,} parameters, {state_bytes:,} bytes of memory a lifetime",
    )
    table.add_column("questions on")
    columns = "answered right", "95 % interval", "empty memory", "another's memory", "chance"
    for name in columns:
        table.add_column(name, justify="right")
    for name, score in scores.items():
        rest = f"{score.empty:.3f}", f"{score.other:.3f}", f"{score.chance:.3f}"
        table.add_row(
            ROWS[name], f"{score.score:.3f}", f"{score.low:.3f} - {score.high:.3f}", *rest
        )
    return table
