"""order: shown one of a series of named classes, say the name that came right after it.

An entry must be found by what preceded it, so that it has to be filed under the event before, or
the answer has to be followed from one entry to the next.
"""

import jax
import jax.numpy as jnp

from memlearn.tasks import language
from memlearn.tasks.script import ask, join, study, wait


def order(key, classes, delay, words):
    """Write a lifetime of a series of `classes` names, and a question for each but the last.

    Args:
      key: random key.
      classes: length of the series.
      delay: steps between the last name and the first question.
      words: how many words there are to choose names from.

    Returns:
      `Script` of `2 * classes - 1 + delay` steps, in two episodes.
    """
    key_words, key_ask = jax.random.split(key)
    names = jax.random.permutation(key_words, words)[:classes]
    asked = jax.random.permutation(key_ask, classes - 1)
    experience = [study(jnp.arange(classes), names), wait(classes + jnp.arange(delay))]
    questions = [ask(language.WHAT_CAME_NEXT, asked, names[asked + 1])]
    return join(experience, questions)
