"""Does it matter that the structure depends on what is perceived?

    python -m experiments.ablate --study=experiments/ablations/conditioning.py

Each variant is the learned memory but for one axis.
"""

from memlearn.memory import designs


def sweep():
    """Return the variants: name -> fields of the configuration."""
    return {rule: {"memory.conditioning": rule} for rule in designs.AXES["conditioning"]}
