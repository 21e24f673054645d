"""The slot op: keyed reads from, and gated writes to, N slots that decay.

`scan` defines it; `chunk` has the same signature and is parallel over time.
"""

from memlearn.ops.slots.chunk import chunk
from memlearn.ops.slots.scan import SlotState, scan

__all__ = ["SlotState", "chunk", "scan"]
