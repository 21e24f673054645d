"""Does it matter how long a slot is kept?

python -m experiments.ablate --study=experiments/ablations/retention.py
"""


def sweep():
    """Return the variants: name -> fields of the configuration."""
    rules = "learned", "none", "fixed"
    return {rule: {"memory.retention": rule} for rule in rules}
