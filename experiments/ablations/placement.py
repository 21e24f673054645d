"""Does it matter whether an event gets a fresh slot or is routed to one?

    python -m experiments.ablate --study=experiments/ablations/placement.py

Each variant is the learned memory but for one axis.
"""

from memlearn.memory import designs


def sweep():
    """Return the variants: name -> fields of the configuration."""
    return {rule: {"memory.placement": rule} for rule in designs.AXES["placement"]}
