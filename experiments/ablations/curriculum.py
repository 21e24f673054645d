"""From reward alone: is more learned if easier levels are met first?

    python -m experiments.ablate --study=experiments/ablations/curriculum.py

`binding` at the second level of `ppo_binding.py`: of eight things, and 32 words to choose names
from, an answer is right by luck once in 32 times. `easier` meets a quarter and a half of the things
before, in two fifths of as many updates.
"""

from experiments.ablations import reward

WHOLE = reward.rewarded("level1", "binding")


def sweep():
    """Return the variants: name -> fields of the configuration."""
    return {
        "whole": WHOLE,
        "easier": {**WHOLE, "easier": (0.25, 0.5), "easier_until": 80},
    }
