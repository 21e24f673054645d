"""Named designs: points in the space that `SlotMemory` spans.

A design says, for each axis of structure, whether it is learned or which fixed rule it follows.
"""

# Every axis is learned.
LEARNED = dict(
    keys="learned",
    admission="learned",
    placement="learned",
    retention="learned",
    bank_routing="learned",
)

# Attention over the last N events, one head a bank: everything is kept for just as long.
WINDOW = dict(
    keys="fused",
    admission="always",
    placement="fresh",
    retention="none",
    bank_routing="all",
)
