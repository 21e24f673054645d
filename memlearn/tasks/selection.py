"""selection: some items are named; many more are only mentioned, and nobody asks for those.

What is mentioned sounds like a name and is shown as one is. With more names and mentions than a
bank has slots, a memory that keeps whatever comes has lost names when it is asked for them.
Without a memory nothing tells one word from another: chance is 1 / words.
"""

import jax
import jax.numpy as jnp

from memlearn.tasks import language
from memlearn.tasks.script import ask, join, study, wait


def selection(key, level):
    """Write a lifetime of names and mentions in any order, and a question for each name.

    Args:
      key: random key.
      level: `Level`; `classes` items are named and `mentions` others mentioned.

    Returns:
      `Script` of `2 * classes + mentions + delay` steps, in two episodes.
    """
    key_names, key_mentions, key_order, key_ask = jax.random.split(key, 4)
    names = jax.random.permutation(key_names, level.words)[: level.classes]
    mentioned = jax.random.randint(key_mentions, (level.mentions,), 0, level.words)
    items = jax.random.permutation(key_order, level.classes + level.mentions)
    said = jnp.where(items < level.classes, language.THIS_IS, language.SOMEONE_SAID)
    heard = study(items, jnp.concatenate([names, mentioned])[items], said)
    asked = jax.random.permutation(key_ask, level.classes)
    passing = wait(level.classes + level.mentions + jnp.arange(level.delay))
    return join([heard, passing], [ask(language.WHAT_IS_THIS, asked, names[asked], level.words)])
