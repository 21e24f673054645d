"""Does it matter which banks an event is written to, and asked of?

python -m experiments.ablate --study=experiments/ablations/bank_routing.py
"""


def sweep():
    """Return the variants: name -> fields of the configuration."""
    rules = "learned", "all", "by_modality"
    return {rule: {"memory.bank_routing": rule} for rule in rules}
