"""Which tasks are learned from reward alone: one at a time, and all together?

    python -m experiments.ablate --study=experiments/ablations/reward.py

At the first level of `ppo_binding.py`: four things, and eight words to choose names from. Nobody
says what is right; an answer is rewarded by 1 if it is. `rule` is found by trying, and so its first
episode can only be guessed.
"""

from experiments.configs import ppo_binding

ALONE = "binding", "rebinding", "order", "selection"


def rewarded(level, task):
    """Return the fields of a run on a task by PPO, at a level of `ppo_binding`."""
    # To know what a kind wants done, the kind is recalled first.
    layers, slots = (1, 32) if task in ALONE else (2, 40)
    return {
        **ppo_binding.LEVELS[level],
        "task": task,
        "learner": "ppo",
        "batch": 128,
        "memory.layers": layers,
        "memory.slots": slots,
    }


def sweep():
    """Return the variants: name -> fields of the configuration."""
    alone = {task: rewarded("level0", task) for task in ALONE}
    longer = {task: {**rewarded("level0", task), "updates": 1000} for task in ("rule", "mixture")}
    return {**alone, **longer}
