"""The report of an evaluation: one JSON object, or a table for people."""

from rich.table import Table

ROWS = {
    "seen": "classes trained on",
    "heldout": "held-out classes, faces",
    "classes_x2": "  twice the classes",
    "delay_x4": "  four times the delay",
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


def as_table(task, step, scores, parameters, state_bytes):
    """Return the report as a `rich` table; arguments as for `as_json`, and the sizes to state."""
    table = Table(
        title=f"{task} after {step} updates",
        caption=(
            "empty: nothing remembered; other: asked of another lifetime's memory\n"
            f"{parameters:,} parameters, {state_bytes:,} bytes of memory a lifetime"
        ),
    )
    table.add_column("answered right on", no_wrap=True)
    for name in ("score", "95 % interval", "empty", "other", "chance"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, score in scores.items():
        interval = f"{score.low:.3f} - {score.high:.3f}"
        controls = (f"{x:.3f}" for x in (score.empty, score.other, score.chance))
        table.add_row(ROWS[name], f"{score.score:.3f}", interval, *controls)
    return table
