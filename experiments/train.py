"""Train a policy with its memory.

    python -m experiments.train --config=experiments/configs/binding.py --workdir=runs/binding

The same command goes on where an interrupted run stopped. Writes to the workdir: config.json,
commit.txt, metrics.jsonl, checkpoints/.
"""

import jax
from absl import flags
from ml_collections import config_flags

from experiments import command
from memlearn import build, recorded, worlds
from memlearn.evaluation import agreement, retrieval
from memlearn.learning import imitation
from memlearn.training import loop, workdir
from memlearn.training.checkpoint import Checkpoints
from memlearn.training.metrics import Metrics
from memlearn.training.parallel import parallel

CONFIG = config_flags.DEFINE_config_file("config", help_string="the experiment, a file")
WORKDIR = flags.DEFINE_string("workdir", None, "the folder of the run")
flags.mark_flags_as_required(["config", "workdir"])


def main():
    config = CONFIG.value
    build.check(config)
    policy, optimizer = build.policy(config), build.optimizer(config)
    update = parallel(build.update(config, policy, optimizer), config.parallel, config.batch)
    draw, validate = (replay if config.experience.folder else play)(config, policy)

    with workdir.claim(WORKDIR.value, config) as folder:
        checkpoints = Checkpoints(folder / "checkpoints")
        key = jax.random.key(config.seed)
        state = imitation.init(policy, optimizer, draw(key, 0), key)
        if checkpoints.latest() is not None:
            state = checkpoints.restore(like=state)
        metrics = Metrics(folder, int(state.step), config.tensorboard)

        loop.train(
            state, parallel=update, draw=draw, validate=validate, checkpoints=checkpoints,
            metrics=metrics, updates=config.updates, log_every=config.log_every,
            validate_every=config.validate_every, checkpoint_every=config.checkpoint_every,
        )  # fmt: skip
    print(folder)


def play(config, policy):
    """Return what draws batches of played lifetimes, and what validates on them."""
    env = build.environment(config)
    worlds.conditions(config)  # what could not be evaluated is not worth training
    held_out = worlds.world(config, **worlds.VALIDATION)
    validate = retrieval.validation(env, policy, held_out, config.validation_lifetimes)
    return worlds.teaching(config, env, worlds.world(config, **worlds.SEEN)), validate


def replay(config, policy):
    """Return what draws batches of recorded steps, and what validates on them."""
    experience = recorded.load(config)
    most = config.validation_lifetimes
    held_out = recorded.examination(config, experience, held_out=True, most=most)
    return recorded.teaching(config, experience), agreement.validation(policy, held_out)


if __name__ == "__main__":
    command.run(main)
