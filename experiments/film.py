"""Film one held-out lifetime of a trained agent: what it perceives, and what its memory does.

    python -m experiments.film --checkpoint=runs/binding [--task=NAME] [--lifetime=0] [--layer=0]
        [--out=FILE]

Writes an animation, lifetime-TASK.gif in the workdir, of further layers lifetime-TASK-layer1.gif
and so on, unless --out names another, a .gif or, with ffmpeg, an .mp4.
"""

import pathlib

from absl import flags

from experiments import command, trained
from memlearn import build
from memlearn.evaluation import film
from memlearn.types import UserError

CHECKPOINT = flags.DEFINE_string("checkpoint", None, "the workdir of a run", required=True)
TASK = flags.DEFINE_string("task", None, "one of the run's tasks; by default its first")
LIFETIME = flags.DEFINE_integer("lifetime", 0, "which of the held-out lifetimes", lower_bound=0)
LAYER = flags.DEFINE_integer("layer", 0, "which layer of memory, from 0", lower_bound=0)
OUT = flags.DEFINE_string("out", None, "the film, .gif or .mp4")


def main():
    folder, config = trained.find(CHECKPOINT.value)
    tasks = (config.task,) if build.foreign(config) else build.tasks(config)
    task = build.lookup({x: x for x in tasks}, TASK.value or tasks[0], "task of this run")
    path = pathlib.Path(OUT.value or folder / f"{trained.picture(task, LAYER.value)}.gif")
    film.writer(path)  # what cannot be written is said before anything is lived
    if LAYER.value >= config.memory.layers:
        raise UserError(f"--layer must be less than the {config.memory.layers} of this memory")
    policy, state = build.policy(config), trained.restore(folder, config)
    record, traces = trained.lifetime(config, policy, state.params, task, LIFETIME.value)
    held_out = "" if build.foreign(config) else "held-out "
    subtitle = f"{held_out}lifetime {LIFETIME.value} after {int(state.step):,} updates"
    if config.memory.layers > 1:
        subtitle += f", layer {LAYER.value} of memory"
    times = command.track(range(len(record.rewards)), "drawing")
    film.draw(record, traces[LAYER.value], task, subtitle, path, times)
    print("film", path)


if __name__ == "__main__":
    command.run(main)
