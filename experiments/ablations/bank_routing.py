"""Does it matter which banks an event is written to, and asked of?

    python -m experiments.ablate --study=experiments/ablations/bank_routing.py

Each variant is the learned memory but for one axis.
"""

from memlearn.memory import designs


def sweep():
    """Return the variants: name -> fields of the configuration."""
    return {rule: {"memory.bank_routing": rule} for rule in designs.AXES["bank_routing"]}
