"""Train a policy with its memory.

    python -m experiments.train --config=experiments/configs/binding.py --workdir=runs/binding

The same command goes on where an interrupted run stopped. Writes to the workdir: config.json,
commit.txt, metrics.jsonl, checkpoints/.
"""

import jax
from absl import flags
from ml_collections import config_flags

from experiments import command, courses, trained
from memlearn import build, checks
from memlearn.training import loop, workdir
from memlearn.training.checkpoint import Checkpoints
from memlearn.training.metrics import Metrics
from memlearn.training.parallel import parallel

CONFIG = config_flags.DEFINE_config_file("config", help_string="the experiment, a file")
WORKDIR = flags.DEFINE_string("workdir", None, "the folder of the run")
flags.mark_flags_as_required(["config", "workdir"])


def main():
    config = CONFIG.value
    checks.check(config)
    policy, optimizer = build.policy(config), build.optimizer(config)
    course = courses.course(config, policy, optimizer)
    update = build.update(config, policy, optimizer)
    update = parallel(update, config.parallel, config.batch, shared=course.shared)
    validate = course.validation()

    with workdir.claim(WORKDIR.value, config) as folder:
        checkpoints = Checkpoints(folder / "checkpoints")
        if checkpoints.latest() is None:
            course = trained.warmed(course, config.warm_start)
        state = course.begin(jax.random.key(config.seed))
        if checkpoints.latest() is not None:
            state = checkpoints.restore(like=state)
        metrics = Metrics(folder, int(state.step), config.tensorboard)

        loop.train(
            state, parallel=update, draw=course.draw, validate=validate, checkpoints=checkpoints,
            metrics=metrics, updates=config.updates, log_every=config.log_every,
            validate_every=config.validate_every, checkpoint_every=config.checkpoint_every,
        )  # fmt: skip
    print(folder)


if __name__ == "__main__":
    command.run(main)
