"""binding: each class is named once; name it again when it comes back in another face.

Words are assigned anew in every lifetime, and an answer is asked for only after all classes were
named and others went by. Without a memory nothing tells one word from another: chance is 1 / words.
"""

import jax
import jax.numpy as jnp

from memlearn.tasks import language
from memlearn.tasks.script import ask, join, study, wait


def binding(key, classes, delay, words):
    """Write a lifetime of `classes` names, `delay` steps of other classes, and as many questions.

    Args:
      key: random key.
      classes: items 0 .. classes - 1 are named; the next `delay` items go by unnamed.
      delay: steps between the last name and the first question.
      words: how many words there are to choose names from.

    Returns:
      `Script` of `2 * classes + delay` steps, in two episodes.
    """
    key_words, key_ask = jax.random.split(key)
    names = jax.random.permutation(key_words, words)[:classes]
    items = jnp.arange(classes)
    asked = jax.random.permutation(key_ask, classes)
    experience = [study(items, names), wait(classes + jnp.arange(delay))]
    questions = [ask(language.WHAT_IS_THIS, asked, names[asked])]
    return join(experience, questions)
