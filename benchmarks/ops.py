"""Time and memory of the slot op in its forms, beside a GRU and attention over the whole history.

    python -m benchmarks.ops [--quick]

Measures forward, and forward with backward, at one set of shapes: compiled once, then run in turns
so that whatever else the machine does falls on all alike; medians. Nothing is measured unless the
tests of the ops pass. Prints a table, and appends one JSON object a measurement to --output.
"""

import functools
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from absl import app, flags, logging
from jax import lax
from rich.console import Console
from rich.table import Table

from memlearn.ops.slots import SlotState, chunk, scan

QUICK = flags.DEFINE_bool("quick", False, "small shapes and few repetitions: does it run?")
REPETITIONS = flags.DEFINE_integer("repetitions", 7, "runs of each measurement", lower_bound=1)
OUTPUT = flags.DEFINE_string("output", "results/ops.jsonl", "where measurements are appended")

FULL = dict(batch=32, slots=64, key_width=64, value_width=64)
SMALL = dict(batch=2, slots=8, key_width=8, value_width=8)
BLOCK = 64  # steps that the rematerialised scan computes again at once
GRU = nn.RNN(nn.GRUCell(features=128))


def scan_in_blocks(state, init, **sequence):
    """`scan` in blocks of `BLOCK` steps, of which the backward pass keeps only the first state."""

    @functools.partial(jax.checkpoint, prevent_cse=False)
    def body(state, block):
        reads, scores, state = scan(state=state, init=init, **block)
        return state, (reads, scores)

    def split(x):
        return jnp.moveaxis(x.reshape(x.shape[0], -1, BLOCK, *x.shape[2:]), 1, 0)

    def merge(x):
        x = jnp.moveaxis(x, 0, 1)
        return x.reshape(x.shape[0], -1, x.shape[-1])

    state, outputs = lax.scan(body, SlotState(*state), jax.tree.map(split, sequence))
    return *jax.tree.map(merge, outputs), state


def gru(parameters, k, v):
    """A GRU over the rows that the slots are given."""
    return GRU.apply(parameters, jnp.concatenate([k, v], axis=-1))


def attention(q, k, v):
    """Causal softmax attention over the whole sequence; heads are folded into the batch."""
    q, k, v = (x[:, :, None] for x in (q, k, v))
    return jax.nn.dot_product_attention(q, k, v, is_causal=True)


SLOT_INPUTS = ("q", "k", "v", "w", "g", "resets", "state", "init", "bias")
OPS = {
    "scan": (scan, SLOT_INPUTS),
    "scan, remat 64": (scan_in_blocks, SLOT_INPUTS),
    "chunk": (chunk, SLOT_INPUTS),
    "GRU": (gru, ("parameters", "k", "v")),
    "attention": (attention, ("q", "k", "v")),
}


def draw(steps, batch, slots, key_width, value_width):
    """Random inputs of all ops, by name."""
    rng = np.random.default_rng(0)

    def normal(*shape):
        return jnp.asarray(rng.normal(size=shape), jnp.float32)

    rows = jnp.zeros((batch, steps, key_width + value_width))
    return dict(
        q=normal(batch, steps, key_width),
        k=normal(batch, steps, key_width),
        v=normal(batch, steps, value_width),
        w=jax.nn.softmax(normal(batch, steps, slots)),
        g=jnp.maximum(-jnp.abs(normal(batch, steps, slots)), -5.0),
        resets=jnp.asarray(rng.random((batch, steps)) < 0.01),
        state=(normal(batch, slots, key_width), normal(batch, slots, value_width)),
        init=(normal(slots, key_width), normal(slots, value_width)),
        bias=normal(batch, steps, slots),
        parameters=GRU.init(jax.random.key(0), rows),
    )


def passes(op):
    """Return the op and its gradients by all inputs, as functions of one dict of inputs."""

    def forward(inputs):
        return op(**inputs)

    def energy(inputs):
        return sum(jnp.sum(jnp.square(x)) for x in jax.tree.leaves(forward(inputs)))

    # Integer inputs, the resets, get a gradient of no size.
    return {"forward": forward, "with backward": jax.grad(energy, allow_int=True)}


def measure(names, steps, shapes, repetitions):
    """Time the ops of these names in turns.

    Args:
      names: keys of `OPS`.
      steps: T.
      shapes: keyword arguments of `draw`.
      repetitions: timed runs of each, after one that is not timed.

    Returns:
      a list of dicts, one for each op and pass.
    """
    drawn = draw(steps, **shapes)
    programs, seconds = {}, {}
    for name in names:
        op, needs = OPS[name]
        inputs = {need: drawn[need] for need in needs}
        for which, function in passes(op).items():
            program = jax.jit(function).lower(inputs).compile()
            jax.block_until_ready(program(inputs))
            programs[name, which], seconds[name, which] = (program, inputs), []
    for _ in range(repetitions):
        for case, (program, inputs) in programs.items():
            start = time.perf_counter()
            jax.block_until_ready(program(inputs))
            seconds[case].append(time.perf_counter() - start)
    medians = {case: statistics.median(times) for case, times in seconds.items()}
    return [
        {
            "op": name,
            "pass": which,
            "steps": steps,
            **shapes,
            "seconds": median,
            "tokens_per_second": shapes["batch"] * steps / median,
            "speed_over_scan": medians["scan", which] / median if "scan" in names else None,
            "temporary_bytes": programs[name, which][0].memory_analysis().temp_size_in_bytes,
            "repetitions": repetitions,
        }
        for (name, which), median in medians.items()
    ]


def provenance():
    """Return where and with what the measurements were made, a dict."""
    describe = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    result = subprocess.run(describe, capture_output=True, text=True, check=False)
    return {
        "device": jax.devices()[0].device_kind,
        "cores": len(os.sched_getaffinity(0)),
        "jax": jax.__version__,
        "commit": result.stdout.strip() or "unknown",
    }


def as_table(measurements):
    """Return the measurements as a `rich` table."""
    table = Table(caption="x scan: how many times as fast as the plain scan")
    for name in ("T", "op", "pass"):
        table.add_column(name, no_wrap=True)
    for name in ("ms", "x scan", "tokens/s", "MiB"):
        table.add_column(name, justify="right", no_wrap=True)
    for m in measurements:
        ratio = m["speed_over_scan"]
        table.add_row(
            str(m["steps"]), m["op"], m["pass"],
            f"{1e3 * m['seconds']:.1f}", "" if ratio is None else f"{ratio:.2f}",
            f"{m['tokens_per_second']:,.0f}", f"{m['temporary_bytes'] / 2**20:,.1f}",
        )  # fmt: skip
    return table


def main(_):
    logging.set_verbosity(logging.WARNING)  # JAX tells of every backend that it does not find
    if subprocess.run([sys.executable, "-m", "pytest", "-q", "tests/ops"], check=False).returncode:
        sys.exit("the tests of the ops fail; nothing was measured")
    shapes, repetitions = (SMALL, 2) if QUICK.value else (FULL, REPETITIONS.value)
    if QUICK.value:
        plan = [(64, tuple(OPS)), (128, ("chunk", "attention"))]
    else:
        plan = [(256, tuple(OPS)), (1024, tuple(OPS)), (4096, ("chunk", "attention"))]
    measurements = []
    for steps, names in plan:
        measurements += measure(names, steps, shapes, repetitions)

    output = pathlib.Path(OUTPUT.value)
    output.parent.mkdir(parents=True, exist_ok=True)
    made = provenance()
    with output.open("a") as file:
        file.writelines(json.dumps(m | made) + "\n" for m in measurements)
    Console().print(as_table(measurements))


if __name__ == "__main__":
    app.run(main)
