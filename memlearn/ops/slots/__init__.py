"""The slot op: keyed reads from, and gated writes to, N slots that decay.

`scan` defines it. `chunk`, parallel over time, `pallas`, by kernels for GPUs, and `step`, for
acting, have the same signature and compute the same; `apply` takes the form that is fastest where
it runs, which `choose` names.
"""

from memlearn.ops.slots.apply import apply, choose
from memlearn.ops.slots.chunk import chunk
from memlearn.ops.slots.scan import SlotState, scan
from memlearn.ops.slots.step import step

__all__ = ["SlotState", "apply", "choose", "chunk", "scan", "step"]
