"""Named designs: points in the space that `SlotMemory` spans.

A design says, for each axis of structure, whether it is learned or which fixed rule it follows.
"""

# The rules there are on each axis.
AXES = {
    "keys": ("learned", "fused"),
    "admission": ("learned", "always"),
    "placement": ("learned", "fresh"),
    "retention": ("learned", "none"),
    "bank_routing": ("learned", "all"),
}

LEARNED = {axis: "learned" for axis in AXES}

# Attention over the last N events, one head a bank: everything is kept for just as long.
WINDOW = {
    "keys": "fused",
    "admission": "always",
    "placement": "fresh",
    "retention": "none",
    "bank_routing": "all",
}


def check(design):
    """Raise a `ValueError` that lists the rules there are, if an axis follows an unknown one."""
    for axis, rules in AXES.items():
        if design[axis] not in rules:
            there_are = ", ".join(rules)
            raise ValueError(
                f"no rule of {axis} is called {design[axis]!r}; there are: {there_are}"
            )
