"""Does one learned memory do as well as the best designed one on each task, and do all tasks?

    python -m experiments.ablate --study=experiments/ablations/memories.py

All have as many parameters, within a tenth, but `none` and `one_bank`, which have fewer. The slots
of all designs have as many bytes of state, and so has the DNC; a recurrence of so many parameters
has no room for them: a GRU would need 6,800 units a layer, and some 400 times the parameters.

A `store` is not among them: it is for more slots than these have bytes for. The study has 16
variants, where most studies have four at most, and takes so much longer.
"""

from memlearn.memories import MEMORIES

EQUAL = {
    # These do not carry the addresses of the event before.
    **{key: {"memory.slots": 21} for key in ("window", "fifo_retrieval", "gated_slots")},
    "gru": {"memory.hidden": 210},
    "lstm": {"memory.hidden": 178},
    "dnc": {"memory.hidden": 98, "memory.slots": 14},
    "lru": {"memory.hidden": 208},
    "s6": {"memory.hidden": 236},
    "ffm": {"memory.hidden": 236},
    "attention": {"memory.hidden": 236},
}


def sweep():
    """Return the variants: name -> fields of the configuration."""
    return {
        memory: {"memory.kind": memory, **EQUAL.get(memory, {})}
        for memory in MEMORIES
        if memory != "store"
    }
