"""binding: each class is named once; name it again when it comes back in another face.

Words are assigned anew in every lifetime, and an answer is asked for only after all classes were
named and others went by. Without a memory nothing tells one word from another: chance is 1 / words.
"""

import jax
import jax.numpy as jnp

from memlearn.tasks import language
from memlearn.tasks.script import LOOK, ask, join, study, wait


def binding(key, level, met=LOOK, asked_by=LOOK):
    """Write a lifetime of `classes` names, and a question for each.

    Args:
      key: random key.
      level: `Level`; items 0 .. classes - 1 are named, the next `delay` items go by unnamed.
      met, asked_by: the `types.SENSES` by which things are met, and asked for.

    Returns:
      `Script` of `2 * classes + delay` steps, in two episodes.
    """
    key_words, key_ask = jax.random.split(key)
    names = jax.random.permutation(key_words, level.words)[: level.classes]
    items = jnp.arange(level.classes)
    asked = jax.random.permutation(key_ask, level.classes)
    passing = wait(level.classes + jnp.arange(level.delay), met)
    questions = ask(language.WHAT_IS_THIS, asked, names[asked], level.words, asked_by)
    return join([study(items, names, senses=met), passing], [questions])
