"""Does it matter how long a slot is kept?

    python -m experiments.ablate --study=experiments/ablations/retention.py

Each variant is the learned memory but for one axis.
"""

from memlearn.memory import designs


def sweep():
    """Return the variants: name -> fields of the configuration."""
    return {rule: {"memory.retention": rule} for rule in designs.AXES["retention"]}
