"""Does one learned memory do as well as the best designed one on each task, and do all tasks?

    python -m experiments.ablate --study=experiments/ablations/memories.py

Each memory at the same setting of everything else.
"""

from memlearn import build


def sweep():
    """Return the variants: name -> fields of the configuration."""
    return {memory: {"memory.kind": memory} for memory in build.MEMORIES}
