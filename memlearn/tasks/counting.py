"""counting: how often was this seen?

Some items come back again and again, among others that are seen once. The answer is a number, each
as likely as any other: without a memory chance is 1 / showings. A memory that reads a weighted mean
has lost the number.
"""

import jax
import jax.numpy as jnp

from memlearn.tasks import language
from memlearn.tasks.script import ask, join, wait


def counting(key, level):
    """Write a lifetime in which each of `counted` items is shown one to `showings` times.

    Args:
      key: random key.
      level: `Level`; word 0 stands for once, word 1 for twice, and so on.

    Returns:
      `Script` of `counted * (showings + 1) + delay` steps, in two episodes.
    """
    key_counts, key_order, key_ask = jax.random.split(key, 3)
    counts = jax.random.randint(key_counts, (level.counted,), 1, level.showings + 1)
    items = jnp.repeat(jnp.arange(level.counted), level.showings)
    again = jnp.tile(jnp.arange(level.showings), level.counted)
    # Where an item is not shown any more, another is seen once: the length tells nothing.
    once = level.counted + jnp.arange(items.size)
    shown = jax.random.permutation(key_order, jnp.where(again < counts[items], items, once))
    asked = jax.random.permutation(key_ask, level.counted)
    passing = wait(level.counted + items.size + jnp.arange(level.delay))
    questions = ask(language.HOW_OFTEN, asked, counts[asked] - 1, level.showings)
    return join([wait(shown), passing], [questions])
