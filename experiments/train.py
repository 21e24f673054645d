"""Train a policy with its memory.

    python -m experiments.train --config=experiments/configs/binding.py --workdir=runs/binding

The same command goes on where an interrupted run stopped. Writes to the workdir: config.json,
commit.txt, metrics.jsonl, checkpoints/.
"""

import functools
import signal

import jax
from absl import flags
from ml_collections import config_flags

from experiments import command
from memlearn import build
from memlearn.evaluation import retrieval
from memlearn.learning import imitation
from memlearn.training import loop, workdir
from memlearn.training.checkpoint import Checkpoints
from memlearn.training.metrics import Metrics
from memlearn.training.parallel import parallel

CONFIG = config_flags.DEFINE_config_file("config", help_string="the experiment, a file")
WORKDIR = flags.DEFINE_string("workdir", None, "the folder of the run", required=True)


def main():
    config = CONFIG.value
    env, policy, optimizer = (
        build.environment(config),
        build.policy(config),
        build.optimizer(config),
    )
    update = functools.partial(
        imitation.update, policy=policy, optimizer=optimizer,
        balance_weight=config.balance_weight, value_weight=config.value_weight,
    )  # fmt: skip
    spread_update = parallel(update, config.parallel, config.batch)
    folder = workdir.claim(WORKDIR.value, config)

    world = build.world(config, "train", study="seen", ask="seen")
    unseen = build.world(config, "val", study="unseen", ask="seen")
    draw = build.teaching(config, env, world)
    validate = retrieval.validation(env, policy, unseen, config.validation_lifetimes)

    checkpoints = Checkpoints(folder / "checkpoints")
    state = imitation.init(policy, optimizer, draw(jax.random.key(0)), jax.random.key(config.seed))
    if checkpoints.latest() is not None:
        state = checkpoints.restore(like=state)
    metrics = Metrics(folder, int(state.step), config.tensorboard)
    loop.train(
        state, parallel=spread_update, draw=draw, validate=validate, checkpoints=checkpoints,
        metrics=metrics, updates=config.updates, log_every=config.log_every,
        validate_every=config.validate_every, checkpoint_every=config.checkpoint_every,
    )  # fmt: skip
    print(folder)


if __name__ == "__main__":
    # A scheduler that wants its machine back says so with SIGTERM.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    command.run(main)
