"""From reward alone: is more learned if easier levels are met first?

    python -m experiments.ablate --study=experiments/ablations/curriculum.py

At the second level of `ppo_binding.py`, eight things and 32 words to choose names from, an answer
is right by luck once in 32 times. With `easier`, a quarter and a half of the things are met before.
"""

from experiments.ablations import reward

TASKS = *reward.ALONE, "mixture"
EASIER = {"easier": (0.25, 0.5), "easier_until": 200}


def sweep():
    """Return the variants: name -> fields of the configuration."""
    whole = {f"{task}, whole": reward.rewarded("level1", task) for task in TASKS}
    first = {f"{task}, easier": {**reward.rewarded("level1", task), **EASIER} for task in TASKS}
    return {**whole, **first}
