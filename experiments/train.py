"""Train a policy with its memory.

    python -m experiments.train --config=experiments/configs/binding.py --workdir=runs/binding

The same command goes on where an interrupted run stopped. Writes to the workdir: config.json,
commit.txt, metrics.jsonl, checkpoints/.

Several hosts that see the same files train a run together, each told which of them it is:

    python -m experiments.train ... --hosts=4 --host=0 --coordinator=ADDRESS_OF_HOST_0:1234

With `--coordinator=auto`, and no --host, SLURM tells them, or another cluster that JAX knows.
"""

import pathlib

from absl import flags
from ml_collections import config_flags

from experiments import command
from memlearn.training import hosts
from memlearn.types import UserError

CONFIG = config_flags.DEFINE_config_file("config", help_string="the experiment, a file")
WORKDIR = flags.DEFINE_string("workdir", None, "the folder of the run")
HOSTS = flags.DEFINE_integer("hosts", 1, "how many train together", lower_bound=1)
HOST = flags.DEFINE_integer("host", 0, "which of them this is", lower_bound=0)
COORDINATOR = flags.DEFINE_string("coordinator", None, "HOST:PORT of the first of them, or auto")
flags.mark_flags_as_required(["config", "workdir"])


def main():
    if COORDINATOR.value:
        hosts.join(COORDINATOR.value, HOSTS.value, HOST.value)
    elif HOSTS.value > 1:
        raise UserError("several hosts need a --coordinator: HOST:PORT of the first, or auto")
    # Not before: gymnax computes something when it is imported, and hosts must have joined by then.
    from experiments import runs

    with hosts.together():
        try:
            runs.train(CONFIG.value, pathlib.Path(WORKDIR.value))
        except UserError as error:
            hosts.refuse(error)
    if hosts.first():
        print(WORKDIR.value)


if __name__ == "__main__":
    command.run(main)
