"""Is an environment that others wrote learned from reward? Every run in one of them begins here.

    python -m experiments.train --config=experiments/configs/others.py --workdir=runs/bandit
    python -m experiments.evaluate --checkpoint=runs/bandit

A bandit of gymnax, of whose two arms one pays nine times as often. Which of them differs by
instance, and has to be found out and remembered. `--config.task=LIBRARY:NAME` is for another,
`--config.env_params` for what that has, `--config.words` if it has more actions than 8, and
`--config.ppo.window=64` if an episode may be long: a window is a whole lifetime otherwise. See
docs/extending.md.

Hardware   2 CPU cores.
Time       160,000 steps in a minute on one core, once compiled (commit 77dfb8e).
Score      89.2 to 89.3 an episode on seeds 0, 1 and 2 (the same commit), where one who
           knows the arm is paid 90 on average, and one who acts at random 50.
"""

from experiments.configs import ppo_binding


def get_config():
    """Return the configuration; what is not named here is as in `ppo_binding`."""
    config = ppo_binding.get_config().unlock()
    config.task = "gymnax:BernoulliBandit-misc"
    config.batch = 16
    config.updates = 100
    config.ppo.epochs = 4
    config.ppo.within = 0.9  # what is done may change what comes
    return config.lock()
