"""Time of the gated slot attention of flash-linear-attention, beside `benchmarks/ops.py`.

    python -m benchmarks.gsa BATCH STEPS HEADS SLOTS WIDTH

Prints seconds of the passes as a JSON object. It is a program of its own, since it is one of
PyTorch and Triton (`pip install fla-core[cuda]`). Its slots are written to by 1 - exp(g), so that
it needs no w; it has no resets and no erasing, and keeps no state. Each of its kernels chooses its
settings by trying them: `WARPS` and `STAGES` are those that it may try here, since to try all takes
many minutes.
"""

import importlib.metadata
import json
import statistics
import sys
import time

import torch
from triton.runtime import autotuner

WARPS, STAGES = (4,), (2, 3)
REPETITIONS = 7


def try_few():
    """Let kernels try few settings."""
    begin = autotuner.Autotuner.__init__

    def begin_with_few(self, fn, names, configs, *arguments, **options):
        few = [x for x in configs if x.num_warps in WARPS and x.num_stages in STAGES]
        begin(self, fn, names, few or configs, *arguments, **options)

    autotuner.Autotuner.__init__ = begin_with_few


def measure(batch, steps, heads, slots, width):
    """Return the name of a pass -> its median seconds and quartiles, and versions of packages."""
    try_few()
    from fla.ops.gsa import chunk_gsa

    def draw(*shape):
        return torch.randn(batch, steps, heads, *shape, device="cuda", dtype=torch.bfloat16)

    q, k, v, s, g = draw(width), draw(width), draw(width), draw(slots), draw(slots)
    g = torch.clamp(-torch.abs(g), min=-5.0)
    given = [x.requires_grad_() for x in (q, k, v, s, g)]
    weights = draw(width)

    def forward():
        with torch.no_grad():
            chunk_gsa(*given, checkpoint_level=0)

    def with_backward():
        chunk_gsa(*given, checkpoint_level=0)[0].backward(weights)
        for x in given:
            x.grad = None

    figures, versions = {}, {x: importlib.metadata.version(x) for x in ("fla-core", "torch")}
    for name, run in {"forward": forward, "with backward": with_backward}.items():
        seconds = []
        for _ in range(2 + REPETITIONS):
            torch.cuda.synchronize()
            start = time.perf_counter()
            run()
            torch.cuda.synchronize()
            seconds.append(time.perf_counter() - start)
        first, median, third = statistics.quantiles(seconds[2:], n=4, method="inclusive")
        figures[name] = {"seconds": median, "quartiles": (first, third), **versions}
    return figures


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:]))))
