"""Can one bit be told after a hundred steps in an environment of others, from reward alone?

    python -m experiments.train --config=experiments/configs/chain.py --workdir=runs/chain \\
        --config.env_params='(("memory_length",100),("max_steps_in_episode",101))'
    python -m experiments.evaluate --checkpoint=runs/chain

MemoryChain of gymnax. Environments of others begin here: `--config.task=LIBRARY:NAME`, and what
`--config.env_params` it has; see docs/extending.md.

Hardware   2 CPU cores.
Time       TIME
Score      SCORE
"""

from experiments.configs import ppo_binding


def get_config():
    """Return the configuration; what is not named here is as in `ppo_binding`."""
    config = ppo_binding.get_config().unlock()
    config.task = "gymnax:MemoryChain-bsuite"
    config.batch = 16
    config.updates = 100
    config.ppo.epochs = 4
    config.ppo.within = 0.9  # what is done may change what comes
    return config.lock()
