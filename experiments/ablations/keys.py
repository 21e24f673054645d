"""Does it matter what an event is filed under, and asked for by?

    python -m experiments.ablate --study=experiments/ablations/keys.py

Each variant is the learned memory but for one axis.
"""

RULES = "learned", "fused", "random", "by_modality"  # the others are in `lag` and `maps`


def sweep():
    """Return the variants: name -> fields of the configuration."""
    return {rule: {"memory.addressing": rule} for rule in RULES}
