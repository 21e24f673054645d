"""crossmodal: met by two senses at once, and named; name it again when it is met by one of them.

Which of the two will be asked by is not known while there is something to be learned, so that what
is experienced must be found by either. It is a task for every ordered pair of senses, of which the
second is asked by, in another style, or by another voice. Chance is 1 / words.
"""

import functools
import itertools

import jax
import jax.numpy as jnp

from memlearn.tasks import language
from memlearn.tasks.script import ask, join, study, wait
from memlearn.types import SENSES


def crossmodal(key, level, senses):
    """Write a lifetime of `classes` names, and a question for each.

    Args:
      key: random key.
      level: `Level`, as of `binding`.
      senses: two of `SENSES`, by which things are met, the latter to be asked by.

    Returns:
      `Script` of `2 * classes + delay` steps, in two episodes.
    """
    key_words, key_ask = jax.random.split(key)
    names = jax.random.permutation(key_words, level.words)[: level.classes]
    items = jnp.arange(level.classes)
    asked = jax.random.permutation(key_ask, level.classes)
    passing = wait(level.classes + jnp.arange(level.delay), senses)
    questions = ask(language.WHAT_IS_THIS, asked, names[asked], level.words, senses[1:])
    return join([study(items, names, senses=senses), passing], [questions])


# Name -> the two senses, and name -> task.
PAIRS = {"_".join(pair): pair for pair in itertools.permutations(SENSES, 2)}
TASKS = {name: functools.partial(crossmodal, senses=pair) for name, pair in PAIRS.items()}
