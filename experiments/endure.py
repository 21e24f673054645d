"""Let a trained agent live on and on: does it still remember, as fast, in as much space?

    python -m experiments.endure --checkpoint=runs/binding [--steps=100000] [--lives=8]
        [--stretches=10] [--json]

A life is lifetimes of the run's tasks, one after another, of held-out classes, and its memory is
never emptied. Lives are spread over the devices of this machine, if these divide their number.
Prints a table of as many stretches of it, and writes it to endurance.json in the workdir. With
--json, stdout is one object, and the table goes to stderr.
"""

import numpy as np
from absl import flags
from rich.table import Table

from experiments import command, trained
from memlearn import build, worlds
from memlearn.evaluation import endurance
from memlearn.types import UserError

CHECKPOINT = flags.DEFINE_string("checkpoint", None, "the workdir of a run", required=True)
STEPS = flags.DEFINE_integer("steps", 100_000, "of a life, at least", lower_bound=1)
LIVES = flags.DEFINE_integer("lives", 8, "lived side by side", lower_bound=2)
STRETCHES = flags.DEFINE_integer("stretches", 10, "rows of the table", lower_bound=1)
JSON = flags.DEFINE_bool("json", False, "print one JSON object, and the table to stderr")


def main():
    folder, config = trained.find(CHECKPOINT.value)
    if config.experience.folder or build.foreign(config):
        raise UserError("only in tasks of ours does a life go on and on; see --config.task")
    policy, state = build.policy(config), trained.restore(folder, config)
    env, world = build.environment(config), worlds.world(config, **worlds.HELD_OUT)
    ends = np.linspace(0, -(-STEPS.value // env.length), STRETCHES.value + 1).round().astype(int)
    if 0 in np.diff(ends):
        raise UserError(f"a stretch is {env.length} steps at least; see --steps and --stretches")
    params, world = endurance.on_every_device((state.params, world))
    about = {"task": config.task, "step": int(state.step), "lives": LIVES.value}
    del state  # which is not to count in what is held
    chapters = np.diff(ends).tolist()
    lived = endurance.stretches(env, policy, params, world, LIVES.value, chapters)
    found = [stretch._asdict() for stretch in command.track(lived, "living", total=STRETCHES.value)]
    found = {**about, "stretches": found}
    command.tell(folder / "endurance.json", found, [table(found)], as_json=JSON.value)


def table(found):
    """Return what was found as a `rich` table."""
    note = (
        "emptied: every chapter begun with nothing remembered; a step: of all lives together; "
        "MB: of all arrays held"
    )
    title = f"{found['lives']} lives of {found['task']} after {found['step']} updates"
    rows = Table(title=title, caption=note)
    for name in ("steps lived", "score", "95 % interval", "emptied", "ms a step", "MB"):
        rows.add_column(name, justify="right", no_wrap=True)
    for row in found["stretches"]:
        interval = f"{row['low']:.3f} - {row['high']:.3f}"
        figures = f"{row['emptied']:.3f}", f"{row['milliseconds']:.3f}", f"{row['megabytes']:.1f}"
        rows.add_row(f"{row['lived']:,}", f"{row['score']:.3f}", interval, *figures)
    return rows


if __name__ == "__main__":
    command.run(main)
