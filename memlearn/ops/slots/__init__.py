"""The slot op: keyed reads from, and gated writes to, N slots that decay (see `scan`)."""

from memlearn.ops.slots.scan import SlotState, scan

__all__ = ["SlotState", "scan"]
