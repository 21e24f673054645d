"""Time and memory of a lookup, and of writing, in a store of more and more slots.

    python -m benchmarks.stores [--quick]

A lookup by product keys, forward and backward, for queries, keys and the rows that are read; and
steps of a store that is written and read, one lifetime, forward and backward. Prints a table, and
appends one JSON object a row to --output.
"""

import jax
import jax.numpy as jnp
from absl import app, logging
from rich.console import Console
from rich.table import Table

from benchmarks import timing
from memlearn.ops import product_keys, store

SIDES = (32, 64, 128, 256, 512, 1024)  # slots are their squares
QUERIES, STEPS, WIDTH, BEST = 1024, 1024, 64, 16


def normal(number, *shape):
    return jax.random.normal(jax.random.key(number), shape)


def lookup(side):
    """Return a function of (queries and keys, values) to gradients, and its arguments."""

    def energy(keys, rows):
        found = product_keys.search(*keys, BEST)
        return jnp.sum(jnp.square(jnp.einsum("bk,bkv->bv", jax.nn.softmax(found.scores), rows)))

    def gradient(arguments):
        keys, values = arguments
        rows = values[product_keys.search(*keys, BEST).slots]
        return jax.grad(energy, argnums=(0, 1))(keys, rows)

    keys = normal(0, QUERIES, WIDTH), normal(1, side, WIDTH // 2), normal(2, side, WIDTH // 2)
    return gradient, (keys, normal(3, side * side, WIDTH))


def written(side):
    """Return a function of steps to their gradient, and its arguments."""

    def gradient(arguments):
        (w, v, p), (written, asked) = arguments
        life = jnp.zeros(STEPS, jnp.int32)

        def energy(w, v, p):
            steps = store.Steps(written, w, v, asked, p, life)
            return jnp.sum(jnp.square(store.write_and_read(store.empty(side**2, WIDTH), steps)[0]))

        return jax.grad(energy, argnums=(0, 1, 2))(w, v, p)

    key, shape = jax.random.key(0), (STEPS, BEST)
    first = jax.random.randint(key, (2, STEPS, 1), 0, side**2)
    slots = (first + jnp.arange(BEST)) % side**2
    real = jax.nn.sigmoid(normal(1, *shape)), normal(2, STEPS, WIDTH), normal(3, *shape)
    return gradient, (real, tuple(slots))


def measure(sides):
    """Return a list of dicts of figures."""
    rows = []
    for name, case in {"lookup": lookup, "written and read": written}.items():
        figures = timing.measure({side: case(side) for side in sides})
        first = figures[sides[0]].seconds
        rows += [
            {"what": name, "slots": side**2, **figure._asdict()}
            | {"over_fewest": figure.seconds / first, "store_bytes": 4 * WIDTH * side**2}
            for side, figure in figures.items()
        ]
    return rows


def as_table(rows):
    """Return the figures as a `rich` table."""
    table = Table(caption="x: how many times the time of the fewest slots; store: its values")
    table.add_column("what")
    for name in ("slots", "ms", "x", "temporary, MiB", "store, MiB"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            row["what"], f"{row['slots']:,}", f"{1e3 * row['seconds']:.1f}",
            f"{row['over_fewest']:.2f}", f"{row['temporary_bytes'] / 2**20:,.1f}",
            f"{row['store_bytes'] / 2**20:,.1f}",
        )  # fmt: skip
    return table


def main(_):
    logging.set_verbosity(logging.WARNING)  # JAX tells of every backend that it does not find
    rows = measure(SIDES[:2] if timing.QUICK.value else SIDES)
    timing.append(rows)
    Console(width=timing.WIDTH).print(as_table(rows))


if __name__ == "__main__":
    app.run(main)
