"""Does it matter which events are written?

python -m experiments.ablate --study=experiments/ablations/admission.py
"""


def sweep():
    """Return the variants: name -> fields of the configuration."""
    rules = "learned", "always", "random"
    return {rule: {"memory.admission": rule} for rule in rules}
