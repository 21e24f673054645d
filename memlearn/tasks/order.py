"""order: shown one of a series of named classes, say the name that came right after it.

An entry must be found by what preceded it, so that it has to be filed under the event before, or
the answer has to be followed from one entry to the next.
"""

import jax
import jax.numpy as jnp

from memlearn.tasks import language
from memlearn.tasks.script import ask, join, study, wait


def order(key, level):
    """Write a lifetime of a series of `classes` names, and a question for each but the last.

    Args:
      key: random key.
      level: `Level`; the series has `classes` items.

    Returns:
      `Script` of `2 * classes - 1 + delay` steps, in two episodes.
    """
    key_words, key_ask = jax.random.split(key)
    names = jax.random.permutation(key_words, level.words)[: level.classes]
    asked = jax.random.permutation(key_ask, level.classes - 1)
    items = jnp.arange(level.classes)
    experience = [study(items, names), wait(level.classes + jnp.arange(level.delay))]
    questions = [ask(language.WHAT_CAME_NEXT, asked, names[asked + 1], level.words)]
    return join(experience, questions)
