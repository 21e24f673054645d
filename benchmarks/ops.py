"""Time and memory of the slot op in its forms, beside other recurrences and attention.

    python -m benchmarks.ops [--quick]

Forward, and forward with backward, at the same shapes. Nothing is measured unless the tests of the
ops pass. Prints a table, and appends one JSON object a row to --output. The row of memax, a gated
delta rule whose state has as many bytes, needs `pip install -e '.[memax]'`; that of the kernel, a
GPU.
"""

import functools
import importlib.util
import subprocess
import sys

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from absl import app, logging
from jax import lax
from rich.console import Console
from rich.table import Table

from benchmarks import timing
from memlearn.ops.slots import SlotState, chunk, scan
from memlearn.ops.slots.pallas import pallas

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


def gated_delta(k, v, resets):
    """The gated delta network of memax, over the rows that the slots are given."""
    import equinox
    from memax.equinox.semigroups.gdn import GDN

    rows = jnp.concatenate([k, v], axis=-1)
    # It carries two square matrices, the slots a key and a value matrix.
    layer = GDN(rows.shape[-1], k.shape[-1], key=jax.random.key(0))
    run = equinox.filter_vmap(lambda x, start: layer(layer.initialize_carry(), (x, start))[1])
    return run(rows, resets)


SLOT_INPUTS = ("q", "k", "v", "w", "g", "resets", "state", "init", "bias")
OPS = {
    "scan": (scan, SLOT_INPUTS),
    "scan, remat 64": (scan_in_blocks, SLOT_INPUTS),
    "chunk": (chunk, SLOT_INPUTS),
    "chunk, all at once": (functools.partial(chunk, size=64, all_at_once=True), SLOT_INPUTS),
    "pallas": (pallas, SLOT_INPUTS),
    "GRU": (gru, ("parameters", "k", "v")),
    "attention": (attention, ("q", "k", "v")),
    "memax GDN": (gated_delta, ("k", "v", "resets")),
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


def compare(names, steps, shapes):
    """Time the ops of these names; return a dict of figures for each op and pass."""
    drawn, cases = draw(steps, **shapes), {}
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
            "seconds": seconds,
            "tokens_per_second": shapes["batch"] * steps / seconds,
            "over_chunk": seconds / figures["chunk", which].seconds,
            "temporary_bytes": temporary,
        }
        for (name, which), (seconds, temporary) in figures.items()
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
            f"{row['tokens_per_second']:,.0f}", f"{row['temporary_bytes'] / 2**20:,.1f}",
        )  # fmt: skip
    return table


def main(_):
    logging.set_verbosity(logging.WARNING)  # JAX tells of every backend that it does not find
    if subprocess.run([sys.executable, "-m", "pytest", "-q", "tests/ops"], check=False).returncode:
        sys.exit("the tests of the ops fail; nothing was measured")
    here = {
        "pallas": jax.default_backend() == "gpu",
        "memax GDN": importlib.util.find_spec("memax") is not None,
    }
    every = [name for name in OPS if here.get(name, True)]
    if timing.QUICK.value:
        shapes, plan = SMALL, [(64, every), (128, ["chunk", "attention"])]
    else:
        shapes, plan = FULL, [(256, every), (1024, every), (4096, ["chunk", "attention"])]
    rows = [row for steps, names in plan for row in compare(names, steps, shapes)]
    timing.append(rows)
    Console().print(as_table(rows))


if __name__ == "__main__":
    app.run(main)
