"""Does it matter that the structure depends on what is perceived, and not on the task alone?

python -m experiments.ablate --study=experiments/ablations/conditioning.py
"""


def sweep():
    """Return the variants: name -> fields of the configuration."""
    return {rule: {"memory.conditioning": rule} for rule in ("context", "static")}
