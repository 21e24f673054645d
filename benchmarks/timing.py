"""Programs timed in turns, and where and with what they were timed."""

import json
import os
import pathlib
import statistics
import subprocess
import time
from typing import NamedTuple

import jax
import jax.numpy as jnp
from absl import flags

QUICK = flags.DEFINE_bool("quick", False, "small shapes, run twice and not recorded: does it run?")
OUTPUT = flags.DEFINE_string("output", "results/benchmarks.jsonl", "where figures are appended")
REPETITIONS = flags.DEFINE_integer("repetitions", 7, "timed runs of each program", lower_bound=1)

WIDTH = 100  # of tables, wherever they are printed


class Figures(NamedTuple):
    """What a program costs.

    Attributes:
      seconds: median of its timed runs.
      quartiles: of its timed runs, in seconds.
      temporary_bytes: what it needs beside its arguments and results.
    """

    seconds: float
    quartiles: tuple[float, float]
    temporary_bytes: int


def passes(function):
    """Return a function and its gradient by all arguments, both of one pytree of arguments."""

    def energy(arguments):
        leaves = jax.tree.leaves(function(arguments))
        return sum(jnp.sum(jnp.square(x.astype(jnp.float32))) for x in leaves)

    # Integer arguments, such as resets, get a gradient of no size.
    return {"forward": function, "with backward": jax.grad(energy, allow_int=True)}


def measure(cases):
    """Time programs in turns, so that whatever else the machine does falls on all alike.

    A timed run follows an untimed one of the same program: how the program before it left caches
    and free memory is not its own cost.

    Args:
      cases: name -> `(function, arguments)`, a function of one pytree of arguments.

    Returns:
      name -> `Figures`.
    """
    programs = {
        name: (jax.jit(function).lower(arguments).compile(), arguments)
        for name, (function, arguments) in cases.items()
    }
    seconds = {name: [] for name in programs}
    for _ in range(2 if QUICK.value else REPETITIONS.value):
        for name, (program, arguments) in programs.items():
            jax.block_until_ready(program(arguments))
            start = time.perf_counter()
            jax.block_until_ready(program(arguments))
            seconds[name].append(time.perf_counter() - start)
    figures = {}
    for name, (program, _) in programs.items():
        first, median, third = statistics.quantiles(seconds[name], n=4, method="inclusive")
        temporary = program.memory_analysis().temp_size_in_bytes
        figures[name] = Figures(median, (first, third), temporary)
    return figures


def made():
    """Return how figures were made: device, cores, version of JAX, commit."""
    describe = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    commit = subprocess.run(describe, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "device": jax.devices()[0].device_kind,
        "cores": len(os.sched_getaffinity(0)),
        "jax": jax.__version__,
        "commit": commit or "unknown",
    }


def append(rows):
    """Append dicts of figures, and how they were made, to --output."""
    if QUICK.value:
        return
    about = {**made(), "repetitions": REPETITIONS.value}
    path = pathlib.Path(OUTPUT.value)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.writelines(json.dumps(row | about) + "\n" for row in rows)
