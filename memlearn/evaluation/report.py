"""The report of an evaluation: one JSON object, or a table for people."""

from rich.table import Table

ROWS = {
    "seen": "classes trained on",
    "heldout": "held-out classes, faces",
    "classes_x2": "  twice the classes",
    "delay_x4": "  four times the delay",
}
RECORDED = {"seen": "episodes trained on", "heldout": "held-out episodes"}
EPISODES = {"all": "an episode", "first": "  a lifetime's first", "last": "  a lifetime's last"}
CONTROLS = {"empty": "nothing remembered", "other": "asked of another lifetime's memory"}


def as_json(name, step, scores):
    """Return the report as a dict of plain values.

    Args:
      name: what was trained on, a task or all of them.
      step: updates the checkpoint has taken.
      scores: task -> name of a row of `ROWS` -> `Score`.

    Returns:
      `task, step, seen, heldout, extrapolation` of a run of one task; of a run of several `task`,
      `step`, and `tasks`: a list of these.
    """
    tasks = [_task_as_json(task, step, rows) for task, rows in scores.items()]
    return tasks[0] if list(scores) == [name] else {"task": name, "step": step, "tasks": tasks}


def _task_as_json(task, step, rows):
    rows = {name: told(score) for name, score in rows.items()}
    return {
        "task": task,
        "step": step,
        "seen": rows.pop("seen"),
        "heldout": rows.pop("heldout"),
        "extrapolation": rows,
    }


def told(score):
    """Return what a `Score` tells, name -> value: all but what there is not."""
    return {name: value for name, value in score._asdict().items() if value is not None}


def as_table(task, step, scores, parameters, state_bytes, rows=ROWS, what="answered right on"):
    """Return the report of one task as a `rich` table.

    Args:
      task: its name.
      step: updates the checkpoint has taken.
      scores: name of a row of `rows` -> `Score`.
      parameters: of the policy.
      state_bytes: of the memory of one lifetime.
      rows: what rows are called, `ROWS`, `RECORDED` or `EPISODES`.
      what: what stands above them.
    """
    lines = {name: told(score) for name, score in scores.items()}
    first = [f"{line.pop('first'):.3f}" for line in lines.values() if "first" in line]
    beside = list(next(iter(lines.values())))[3:]  # after the score and its interval
    explained = "; ".join(f"{name}: {CONTROLS[name]}" for name in beside if name in CONTROLS)
    sizes = f"{parameters:,} parameters, {state_bytes:,} bytes of memory a lifetime"
    tried = [f"in the first episode that asks: {', '.join(first)}"] if first else []
    caption = "\n".join([explained, *tried, sizes])
    table = Table(title=f"{task} after {step} updates", caption=caption)
    table.add_column(what, no_wrap=True)
    for name in ("score", "95 % interval", *beside):
        table.add_column(name, justify="right", no_wrap=True)
    for name, line in lines.items():
        interval = f"{line['low']:.3f} - {line['high']:.3f}"
        controls = (f"{line[x]:.3f}" for x in beside)
        table.add_row(rows[name], f"{line['score']:.3f}", interval, *controls)
    return table
