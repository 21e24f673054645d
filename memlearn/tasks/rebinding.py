"""rebinding: half of the words change owners in mid-life; the latest name holds.

A memory that only accumulates finds two names for a class and cannot tell which came later. One
that answers with the first names is right on half of the questions.
"""

import jax
import jax.numpy as jnp

from memlearn.tasks import language
from memlearn.tasks.script import ask, join, study, wait


def rebinding(key, level):
    """Write a lifetime in which half of the names are passed around after the first round.

    Args:
      key: random key.
      level: `Level`; of `classes` items a random half, at least two, is named again.

    Returns:
      `Script` of `2 * classes + max(2, classes // 2) + delay` steps, in two episodes.
    """
    key_words, key_moved, key_ask = jax.random.split(key, 3)
    names = jax.random.permutation(key_words, level.words)[: level.classes]
    items = jnp.arange(level.classes)
    moved = jax.random.permutation(key_moved, level.classes)[: max(2, level.classes // 2)]
    latest = names.at[moved].set(jnp.roll(names[moved], 1))
    asked = jax.random.permutation(key_ask, level.classes)
    experience = [study(items, names), study(moved, latest[moved])]
    questions = [ask(language.WHAT_IS_THIS, asked, latest[asked], level.words)]
    return join([*experience, wait(level.classes + jnp.arange(level.delay))], questions)
