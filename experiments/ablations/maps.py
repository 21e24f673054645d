"""Does it matter that keys and queries share their address maps?

    python -m experiments.ablate --study=experiments/ablations/maps.py

Each variant is the learned memory but for one axis.
"""


def sweep():
    """Return the variants: name -> fields of the configuration."""
    return {rule: {"memory.keys": rule} for rule in ("learned", "two_maps")}
