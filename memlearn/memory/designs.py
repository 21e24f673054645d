"""Named designs: points in the space that `SlotMemory` spans.

A design says, for each axis of structure, whether it is learned or which fixed rule it follows. To
vary one axis of a design, set `config.memory.<axis>`.
"""

# The rules there are on each axis, first what the learned memory follows. How many slots are in use
# is learned only for a price on them, and without one all are.
AXES = {
    "addressing": (
        *("learned", "present", "clock", "layer_maps", "two_maps", "bank_maps"),
        *("fused", "random", "by_modality"),
    ),
    "admission": ("learned", "always", "random"),
    "placement": ("learned", "fresh", "routed"),
    "count": ("all", "learned"),
    "retention": ("learned", "none", "fixed"),
    "survival": ("learned", "all", "none"),
    "bank_routing": ("learned", "all", "by_modality"),
    "conditioning": ("context", "static"),
    "amounts": ("told", "untold"),
}

LEARNED = {axis: rules[0] for axis, rules in AXES.items()}

# Attention over the last N events, one head a bank: everything is kept for just as long.
WINDOW = {
    "addressing": "fused",
    "admission": "always",
    "placement": "fresh",
    "count": "all",
    "retention": "none",
    "survival": "all",
    "bank_routing": "all",
    "conditioning": "context",
    "amounts": "told",
}

DESIGNS = {
    "learned": LEARNED,
    "window": WINDOW,
    # Trajectory retrieval: the last N events, found by the likeness of whole events.
    "fifo_retrieval": {**WINDOW, "addressing": "random"},
    # Dual coding: each bank files what it keeps under one modality, and asks by it.
    "dual_coding": {**LEARNED, "addressing": "by_modality"},
    # Gated slot attention: a router spreads everything over slots that forget.
    "gated_slots": {**WINDOW, "placement": "routed", "retention": "learned"},
    # A bank for each of the first H modalities, in which its events are written and looked up.
    "modality_banks": {**WINDOW, "addressing": "by_modality", "bank_routing": "by_modality"},
    # The control: what is written is left to chance.
    "random_write": {**LEARNED, "admission": "random"},
    # The control: the slots of all banks in one.
    "one_bank": {**LEARNED, "bank_routing": "all"},
}


def check(design):
    """Return a design, or raise a `ValueError` if an axis follows a rule that there is not."""
    for axis, rules in AXES.items():
        if design[axis] not in rules:
            there_are = ", ".join(rules)
            raise ValueError(
                f"no rule of {axis} is called {design[axis]!r}; there are: {there_are}"
            )
    return design
