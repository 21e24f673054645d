"""Does it matter that an event can be filed under the one before it?

    python -m experiments.ablate --study=experiments/ablations/lag.py

Each variant is the learned memory but for one axis.
"""


def sweep():
    """Return the variants: name -> fields of the configuration."""
    return {rule: {"memory.addressing": rule} for rule in ("learned", "present")}
