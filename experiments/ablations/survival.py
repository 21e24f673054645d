"""Does it matter what survives the end of an episode?

    python -m experiments.ablate --study=experiments/ablations/survival.py

Each variant is the learned memory but for one axis.
"""

from memlearn.memory import designs


def sweep():
    """Return the variants: name -> fields of the configuration."""
    return {rule: {"memory.survival": rule} for rule in designs.AXES["survival"]}
