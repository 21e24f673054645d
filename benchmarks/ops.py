"""Time and memory of the slot op in its forms, beside other recurrences and attention.

    python -m benchmarks.ops [--quick]

Forward, and forward with backward, at the same shapes. Nothing is measured unless the tests of the
ops pass, and all forms of the slot op agree on the device at hand. Prints a table, and appends one
JSON object a row to --output.

GRU and GDN are whole layers, with weights and their gradients. GDN is the gated delta network of
memax (`pip install -e '.[memax]'`), a scan over two matrices, one of them its transition, that have
as many bytes as the slots. A GPU is asked for more banks, which are wider, in bfloat16, and for the
kernels, beside gated slot attention (`benchmarks/gsa.py`).
"""

import functools
import importlib.util
import itertools
import json
import os
import subprocess
import sys

import flax.linen as nn
import jax
import jax.numpy as jnp
from absl import app, logging
from jax import lax
from rich.console import Console
from rich.table import Table

from benchmarks import timing
from memlearn.ops.slots import SlotState, scan
from memlearn.ops.slots.apply import FORMS

FULL = dict(batch=32, slots=64, key_width=64, value_width=64)
HEADS = 8  # of each of 64 lifetimes
WIDE = dict(batch=64 * HEADS, slots=64, key_width=128, value_width=128)
SMALL = dict(batch=2, slots=8, key_width=8, value_width=8)
BLOCK = 64  # steps that the rematerialised scan computes again at once
TOLERANCE = 5e-6  # largest error of a form of the op, relative to the largest element of an array
GRU = nn.RNN(nn.GRUCell(features=128))


def scan_in_blocks(state, init, **sequence):
    """`scan` in blocks of `BLOCK` steps, of which the backward pass keeps only the first state."""

    @functools.partial(jax.checkpoint, prevent_cse=False)
    def body(state, block):
        reads, scores, state = scan(state=state, init=init, **block)
        return state, (reads, scores)

    def split(x):
        size = min(BLOCK, x.shape[1])
        return jnp.moveaxis(x.reshape(x.shape[0], -1, size, *x.shape[2:]), 1, 0)

    def merge(x):
        x = jnp.moveaxis(x, 0, 1)
        return x.reshape(x.shape[0], -1, x.shape[-1])

    state, outputs = lax.scan(body, SlotState(*state), jax.tree.map(split, sequence))
    return *jax.tree.map(merge, outputs), state


def gru(gru, k, v):
    """A GRU over the rows that the slots are given."""
    return GRU.apply(gru, jnp.concatenate([k, v], axis=-1))


def attention(q, k, v):
    """Causal softmax attention over the whole sequence; heads are folded into the batch."""
    q, k, v = (x[:, :, None] for x in (q, k, v))
    return jax.nn.dot_product_attention(q, k, v, is_causal=True)


def gdn_layer(width, state_width):
    """A gated delta network: two square matrices where the slots are a key and a value matrix."""
    from memax.equinox.semigroups.gdn import GDN

    return GDN(width, state_width, key=jax.random.key(0))


def gdn(gdn, k, v, resets):
    """The network with the weights `gdn` over the rows that the slots are given."""
    import equinox

    rows = jnp.concatenate([k, v], axis=-1)
    layer = gdn_layer(rows.shape[-1], k.shape[-1])
    layer = equinox.combine(gdn, equinox.filter(layer, equinox.is_array, inverse=True))
    return jax.vmap(lambda x, start: layer(layer.initialize_carry(), (x, start))[1])(rows, resets)


SLOT_INPUTS = ("q", "k", "v", "w", "g", "resets", "state", "init", "bias")
OPS = {
    "chunk": (FORMS["chunk"], SLOT_INPUTS),
    "scan": (scan, SLOT_INPUTS),
    "scan, remat 64": (scan_in_blocks, SLOT_INPUTS),
    "chunk, all at once": (FORMS["chunk, all at once"], SLOT_INPUTS),
    "pallas": (FORMS["pallas"], SLOT_INPUTS),
    "chunk, erasing": (FORMS["chunk"], (*SLOT_INPUTS, "e")),
    "chunk, all at once, erasing": (FORMS["chunk, all at once"], (*SLOT_INPUTS, "e")),
    "pallas, erasing": (FORMS["pallas"], (*SLOT_INPUTS, "e")),
    "scan, erasing": (scan, (*SLOT_INPUTS, "e")),
    "GRU": (gru, ("gru", "k", "v")),
    "attention": (attention, ("q", "k", "v")),
    "GDN": (gdn, ("gdn", "k", "v", "resets")),
}


def draw(steps, dtype, batch, slots, key_width, value_width):
    """Random inputs of all ops, by name."""
    keys = map(functools.partial(jax.random.fold_in, jax.random.key(0)), itertools.count())

    def normal(*shape):
        return jax.random.normal(next(keys), shape, dtype)

    rows, w = key_width + value_width, jax.nn.softmax(normal(batch, steps, slots))
    return dict(
        q=normal(batch, steps, key_width),
        k=normal(batch, steps, key_width),
        v=normal(batch, steps, value_width),
        w=w,
        e=0.5 * w,
        g=jnp.maximum(-jnp.abs(normal(batch, steps, slots)), -5.0),
        resets=jax.random.uniform(next(keys), (batch, steps)) < 0.01,
        state=(normal(batch, slots, key_width), normal(batch, slots, value_width)),
        init=(normal(slots, key_width), normal(slots, value_width)),
        bias=normal(batch, steps, slots),
        gru=GRU.init(jax.random.key(0), jnp.zeros((1, 1, rows))),
    )


def agree(names, shapes):
    """Exit unless these forms of the op equal the scan on this device, gradients included.

    In float32, in full precision: what is timed in bfloat16 is not compared in it.
    """
    drawn = draw(2 * BLOCK, jnp.float32, **shapes)

    def run(name):
        op, needs = OPS[name]
        passes = timing.passes(lambda arguments: op(**arguments)).values()
        with jax.default_matmul_precision("highest"):
            found = [jax.jit(f)({need: drawn[need] for need in needs}) for f in passes]
        return [x for x in jax.tree.leaves(found) if jnp.issubdtype(x.dtype, jnp.floating)]

    expected = {erases: run("scan, erasing" if erases else "scan") for erases in (False, True)}
    for name in names:
        pairs = zip(run(name), expected["e" in OPS[name][1]], strict=True)
        error = max(float(jnp.max(jnp.abs(x - y)) / jnp.max(jnp.abs(y))) for x, y in pairs)
        if error > TOLERANCE:
            sys.exit(f"{name!r} is wrong by {error:.1e} on this device; nothing was measured")


def compare(names, steps, shapes, dtype=jnp.float32):
    """Time the ops of these names; return a list of dicts, one for each op and pass."""
    drawn, cases = draw(steps, dtype, **shapes), {}
    if "GDN" in names:
        layer = gdn_layer(shapes["key_width"] + shapes["value_width"], shapes["key_width"])
        drawn["gdn"] = jax.tree.map(lambda x: x if isinstance(x, jax.Array) else None, layer)
    for name in names:
        op, needs = OPS[name]
        for which, function in timing.passes(lambda arguments, op=op: op(**arguments)).items():
            cases[name, which] = function, {need: drawn[need] for need in needs}
    figures = timing.measure(cases)
    return [
        {
            "op": name,
            "pass": which,
            "steps": steps,
            **shapes,
            "dtype": jnp.dtype(dtype).name,
            "seconds": seconds,
            "quartiles": quartiles,
            "tokens_per_second": shapes["batch"] * steps / seconds,
            "over_chunk": seconds / figures["chunk", which].seconds,
            "temporary_bytes": temporary,
        }
        for (name, which), (seconds, quartiles, temporary) in figures.items()
    ]


def beside_gsa(rows):
    """Return rows of gated slot attention at the shapes of these, which have the chunked form's."""
    batch, steps = rows[0]["batch"] // HEADS, rows[0]["steps"]
    shapes = map(str, (batch, steps, HEADS, WIDE["slots"], WIDE["value_width"]))
    command = [sys.executable, "-m", "benchmarks.gsa", *shapes]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    chunk = {row["pass"]: row["seconds"] for row in rows if row["op"] == "chunk"}
    return [
        {**rows[0], "op": "gsa", "pass": which, **figures, "temporary_bytes": None}
        | {"tokens_per_second": rows[0]["batch"] * rows[0]["steps"] / figures["seconds"]}
        | {"over_chunk": figures["seconds"] / chunk[which]}
        for which, figures in json.loads(found.splitlines()[-1]).items()
    ]


def as_table(rows):
    """Return the figures as a `rich` table."""
    table = Table(caption="x chunk: how many times the time of the chunked form")
    for name in ("T", "op", "pass"):
        table.add_column(name, no_wrap=True)
    for name in ("ms", "x chunk", "tokens/s", "MiB"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            str(row["steps"]), row["op"], row["pass"],
            f"{1e3 * row['seconds']:.1f}", f"{row['over_chunk']:.2f}",
            f"{row['tokens_per_second']:,.0f}",
            f"{row['temporary_bytes'] / 2**20:,.1f}" if row["temporary_bytes"] is not None else "",
        )  # fmt: skip
    return table


def main(_):
    logging.set_verbosity(logging.WARNING)  # JAX tells of every backend that it does not find
    tests = [sys.executable, "-m", "pytest", "-q", "tests/ops"]
    # GPUs and TPUs round by far more than what the tests allow: `agree` asks them, more precisely.
    if subprocess.run(tests, env={**os.environ, "JAX_PLATFORMS": "cpu"}, check=False).returncode:
        sys.exit("the tests of the ops do not pass; nothing was measured")
    gpu = jax.default_backend() == "gpu"
    missing = set() if gpu else {"pallas", "pallas, erasing"}
    if importlib.util.find_spec("memax") is None:
        missing.add("GDN")
    every = [name for name in OPS if name not in missing]
    shapes = SMALL if timing.QUICK.value else FULL
    agree([name for name in every if "bias" in OPS[name][1]], shapes)
    plan = {16: every, 64: every, 256: every, 1024: every, 4096: ["chunk", "attention"]}
    if timing.QUICK.value:
        plan = {64: every, 128: ["chunk", "attention"]}
    rows = []
    for steps, names in plan.items():
        rows += (found := compare(names, steps, shapes))
        timing.append(found)
    if gpu and not timing.QUICK.value:
        # No memory has room for all the states of a scan.
        forms = [x for x in every if "bias" in OPS[x][1] and x not in ("scan", "scan, erasing")]
        wide = compare(forms, 2048, WIDE, jnp.bfloat16)
        if importlib.util.find_spec("fla") is not None:
            wide += beside_gsa(wide)
        timing.append(wide)
        rows += wide
    Console(width=timing.WIDTH).print(as_table(rows))


if __name__ == "__main__":
    app.run(main)
