r"""Can one bit be told after a hundred steps in an environment of others, from reward alone?

    python -m experiments.train --config=experiments/configs/chain.py --workdir=runs/chain \
        --config.env_params='(("memory_length",100),("max_steps_in_episode",101))'
    python -m experiments.evaluate --checkpoint=runs/chain

MemoryChain of gymnax. Environments of others begin here: `--config.task=LIBRARY:NAME`, and what
`--config.env_params` it has; see docs/extending.md.

Hardware   2 CPU cores.
Time       484,800 steps in 4 minutes on one core (commit 21ee9d4, with --config.updates=300).
Score      1.000 of at most 1 on seeds 0, 1 and 2 (the same); with nothing remembered .062.
"""

from experiments.configs import ppo_binding


def get_config():
    """Return the configuration; what is not named here is as in `ppo_binding`."""
    config = ppo_binding.get_config().unlock()
    config.task = "gymnax:MemoryChain-bsuite"
    config.batch = 16
    config.updates = 300  # with 100, the rate falls before the bit is found
    config.ppo.epochs = 4
    config.ppo.within = 0.9  # what is done may change what comes
    return config.lock()
