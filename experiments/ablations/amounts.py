"""Does it matter that a read tells how much there is that matches, and not only what?

    python -m experiments.ablate --study=experiments/ablations/amounts.py

Each variant is the learned memory but for one axis.
"""

from memlearn.memory import designs


def sweep():
    """Return the variants: name -> fields of the configuration."""
    return {rule: {"memory.amounts": rule} for rule in designs.AXES["amounts"]}
