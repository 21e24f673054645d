"""A study: what its variants scored, in lines of JSON."""

import ast
import hashlib
import json

import jax

from memlearn.training import workdir
from memlearn.types import UserError

# What a line says; one with a `budget`, the slots of each bank in use, need not say the rest.
FIELDS = ("variant", "seed", "mark", "size", "set", "commit", "task", "step", "heldout")
REST = ("extrapolation", "parameters", "state_bytes")


def parse(fields):
    """Turn `FIELD=VALUE` strings into a dict; a value that is no Python literal is a string.

    Raises:
      UserError: if one is not such.
    """
    parsed = {}
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals:
            raise UserError(f"{field!r} is not FIELD=VALUE")
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


def holds_study(path):
    """Return whether the file at `path` begins like a study: its first line has a variant."""
    if path.suffix != ".jsonl":
        return False
    with path.open() as file:
        return "variant" in _fields(file.readline())


def read(path):
    """Return the lines of a study, a dict each; none if it has not begun.

    Args:
      path: `pathlib.Path`.

    Raises:
      UserError: if a line does not say what a line of a study says.
    """
    lines = path.read_text().splitlines() if path.exists() else []
    read = [_fields(line) for line in lines]
    for number, fields in enumerate(read, start=1):
        needed = FIELDS if "budget" in fields else FIELDS + REST
        missing = [name for name in needed if name not in fields]
        if missing:
            raise UserError(f"line {number} of {path} is not a study's: it has no {missing[0]!r}")
    return read


def found_beside(path, mark):
    """Return the lines with a mark that a study in the same folder has; none if there is none.

    Args:
      path: `pathlib.Path`, of the study that asks.
      mark: what a variant is trained and scored by.
    """
    for other in sorted(path.parent.glob("*.jsonl")):
        lines = [line for line in read(other) if line["mark"] == mark] if holds_study(other) else []
        if lines:
            return lines
    return []


def add(path, lines, variants):
    """Add to a study the lines of one variant, all at once.

    Args:
      path: `pathlib.Path`.
      lines: dicts.
      variants: the names of all variants, the one to compare with first. The lines are kept in
        their order, whichever was run first; those of variants that are no more come last.
    """
    order = {variant: place for place, variant in enumerate(variants)}
    with workdir.held(path):  # other variants may be run beside this one
        kept = [*read(path), *lines]
        kept.sort(key=lambda line: order.get(line["variant"], len(order)))
        workdir.write(path, "".join(json.dumps(line) + "\n" for line in kept))


def _fields(line):
    """The fields of a line of JSON; none if it is no such line."""
    try:
        fields = json.loads(line)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}
