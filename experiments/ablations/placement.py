"""Does it matter whether an event gets a fresh slot or is routed to one?

python -m experiments.ablate --study=experiments/ablations/placement.py
"""


def sweep():
    """Return the variants: name -> fields of the configuration."""
    rules = "learned", "fresh", "routed"
    return {rule: {"memory.placement": rule} for rule in rules}
