"""Runs: from a configuration to what was trained by it, in a folder."""

import jax

from experiments import courses, trained
from memlearn import build, checks
from memlearn.training import hosts, loop, workdir
from memlearn.training.checkpoint import Checkpoints
from memlearn.training.metrics import Metrics, Unwritten
from memlearn.training.parallel import parallel


def train(config, folder):
    """Train the run of a configuration, from where it stopped.

    Args:
      config: `ConfigDict`.
      folder: `pathlib.Path` of its workdir.

    Raises:
      UserError: if it cannot be run, or not there.
    """
    told = config.to_json_best_effort(sort_keys=True)
    hosts.alike(told, "the hosts were not given the same configuration; give all the same")
    checks.check(config)
    policy, optimizer = build.policy(config), build.optimizer(config)
    course = courses.course(config, policy, optimizer)
    update = build.update(config, policy, optimizer)
    spread_update = parallel(update, config.parallel, config.batch, shared=course.shared)
    validate = course.validation()

    with hosts.led(lambda: workdir.claim(folder, config)):
        checkpoints = Checkpoints(folder / "checkpoints")
        if checkpoints.latest() is None:
            course = trained.warmed(course, config.warm_start)
        state = course.begin(jax.random.key(config.seed))
        if checkpoints.latest() is not None:
            state = checkpoints.restore(like=state)
        there = (
            f"the hosts do not see the same files in {folder}; give all the same, shared workdir"
        )
        hosts.alike(str(int(state.step)), there)
        metrics = Unwritten()
        if hosts.first():
            metrics = Metrics(folder, int(state.step), config.tensorboard)

        loop.train(
            state, parallel=spread_update, draw=course.draw, validate=validate,
            checkpoints=checkpoints, metrics=metrics, updates=config.updates,
            log_every=config.log_every,
            validate_every=config.validate_every, checkpoint_every=config.checkpoint_every,
        )  # fmt: skip
