"""Does it matter what survives the end of an episode?

python -m experiments.ablate --study=experiments/ablations/survival.py
"""


def sweep():
    """Return the variants: name -> fields of the configuration."""
    rules = "learned", "all", "none"
    return {rule: {"memory.survival": rule} for rule in rules}
