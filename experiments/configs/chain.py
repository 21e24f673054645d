"""Can one bit be told after a hundred steps in an environment of others, from reward alone?

    python -m experiments.train --config=experiments/configs/chain.py --workdir=runs/chain
    python -m experiments.evaluate --checkpoint=runs/chain

MemoryChain of gymnax, in which a bit is shown first and asked for after `memory_length` steps.

Hardware   2 CPU cores.
Time       484,800 steps in 4 minutes on one core (commit 21ee9d4, with --config.updates=300 and the
           same env_params, which were no part of the configuration then).
Score      1.000 of at most 1 on seeds 0, 1 and 2 of that; with nothing remembered .062.
"""

from experiments.configs import others


def get_config():
    """Return the configuration; what is not named here is as in `others`."""
    config = others.get_config().unlock()
    config.task = "gymnax:MemoryChain-bsuite"
    config.env_params = (("memory_length", 100), ("max_steps_in_episode", 101))
    config.updates = 300  # with 100, the rate falls before the bit is found
    return config.lock()
