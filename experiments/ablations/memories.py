"""Does one learned memory do as well as the best designed one on each task, and do all tasks?

    python -m experiments.ablate --study=experiments/ablations/memories.py

All have as many parameters, within a tenth, but `none` and `one_bank`, which have fewer. The slots
of all designs have as many bytes of state, and so has the DNC; a recurrence of so many parameters
has no room for them: a GRU would need 13,000 units a layer, and over 1,000 times the parameters.
"""

from memlearn import build

EQUAL = {
    "gru": {"memory.hidden": 216},
    "lstm": {"memory.hidden": 184},
    "dnc": {"memory.hidden": 100, "memory.slots": 22},
    "lru": {"memory.hidden": 212},
    "s6": {"memory.hidden": 240},
    "ffm": {"memory.hidden": 240},
    "attention": {"memory.hidden": 242},
}


def sweep():
    """Return the variants: name -> fields of the configuration."""
    return {memory: {"memory.kind": memory, **EQUAL.get(memory, {})} for memory in build.MEMORIES}
