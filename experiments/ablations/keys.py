"""Does it matter what an event is filed under, and asked for by?

python -m experiments.ablate --study=experiments/ablations/keys.py
"""


def sweep():
    """Return the variants: name -> fields of the configuration."""
    rules = "learned", "fused", "random", "by_modality"
    return {rule: {"memory.keys": rule} for rule in rules}
