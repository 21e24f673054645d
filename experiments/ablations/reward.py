"""Which tasks are learned from reward alone: one at a time, and all together?

    python -m experiments.ablate --study=experiments/ablations/reward.py

At the levels of `ppo_binding.py`: of four things, and eight words to choose names from; and, in
variants that end in `_level1`, of eight things and 32 words. Nobody says what is right; an answer
is rewarded by 1 if it is. `rule` and `counting` are met in `mixture` only, all tasks together: what
`rule` builds on is not rewarded by itself. `mixture_level1` is left out: it goes on from others.
"""

from experiments.configs import ppo_binding

ALONE = "binding", "rebinding", "order", "selection"


def rewarded(level, task):
    """Return the fields of a run on a task by PPO, at a level of `ppo_binding`."""
    one_layer = {"memory.layers": 1, "memory.slots": 32}
    return {**ppo_binding.REWARDED, **one_layer, **ppo_binding.LEVELS[level], "task": task}


def sweep():
    """Return the variants: name -> fields of the configuration."""
    alone = {task: rewarded("level0", task) for task in ALONE}
    more = {f"{task}_level1": rewarded("level1", task) for task in ALONE}
    mixture = {**ppo_binding.REWARDED, **ppo_binding.LEVELS["mixture"]}
    return {**alone, **more, "mixture": mixture}
