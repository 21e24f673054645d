"""A study: what its variants scored, in lines of JSON and in a table."""

import ast
import hashlib
import json

import jax
import numpy as np
from rich.table import Table

from memlearn.evaluation import summary
from memlearn.training import workdir


def parse(fields):
    """Turn `FIELD=VALUE` strings into a dict; a value that is no Python literal is a string."""
    parsed = {}
    for field in fields:
        name, _, value = field.partition("=")
        try:
            parsed[name] = ast.literal_eval(value)
        except (SyntaxError, ValueError):
            parsed[name] = value
    return parsed


def digest(config):
    """Return a short name for what a configuration makes an agent learn, whatever its seed."""
    apart = {"seed", *workdir.RUNNING}
    fields = {name: value for name, value in config.to_dict().items() if name not in apart}
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:12]


def sizes(policy, params):
    """Return the parameters of a policy, and the bytes of its memory of one lifetime."""
    return {
        "parameters": sum(x.size for x in jax.tree.leaves(params)),
        "state_bytes": sum(layer_bytes(policy)),
    }


def layer_bytes(policy):
    """Return the bytes of the memory of one lifetime, a number for each layer of memory."""
    layers = jax.eval_shape(lambda: policy.initial_state(1))
    return [sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(layer)) for layer in layers]


def read(path):
    """Return the lines of a study, a dict each; none if it has not begun."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def append(path, lines):
    """Append to a study the lines of one variant, all at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write("".join(json.dumps(line) + "\n" for line in lines))


def as_table(name, lines):
    """Return a `rich` table: held-out scores, mean and 95 % interval over seeds, by task."""
    tasks = list(dict.fromkeys(line["task"] for line in lines))
    table = Table(title=f"{name}: held-out classes and faces, mean and 95 % interval over seeds")
    table.add_column("variant", no_wrap=True)
    for title in (*tasks, "mean", "state"):
        table.add_column(title, justify="right", no_wrap=True)
    for variant in dict.fromkeys(line["variant"] for line in lines):
        mine = [line for line in lines if line["variant"] == variant]
        cells = [_cell([line["heldout"] for line in mine if line["task"] == t]) for t in tasks]
        mean = f"{np.mean([line['heldout']['score'] for line in mine]):.3f}"
        table.add_row(variant, *cells, mean, f"{mine[0]['state_bytes']:,}")
    return table


def _cell(heldout):
    if not heldout:
        return "-"
    low, _ = summary.interval(heldout)
    mean = np.mean([score["score"] for score in heldout])
    return f"{mean:.3f} ±{mean - low:.3f}"
