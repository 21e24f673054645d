"""Does it matter which events are written?

    python -m experiments.ablate --study=experiments/ablations/admission.py

Each variant is the learned memory but for one axis.
"""

from memlearn.memory import designs


def sweep():
    """Return the variants: name -> fields of the configuration."""
    return {rule: {"memory.admission": rule} for rule in designs.AXES["admission"]}
