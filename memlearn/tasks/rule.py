"""rule: what an item's kind wants done with it holds for life; which kind an item is does not.

In every episode items are named by their kind; then each is to be acted on. Half of them come back
in every episode, and may be of another kind; the others are new. Which action a kind wants is never
said: every episode but the last is a try at each, and what is found is to be remembered for life.
To answer in the last episode takes both: the kind of this episode, where older ones are in the way,
and the rule, which must survive. Without a memory chance is 1 / kinds. An agent that begins with
the last episode can still try, and rule out, within it, and be a little better than that; since any
kind may be asked for next, not by much.
"""

import jax
import jax.numpy as jnp

from memlearn.tasks import language
from memlearn.tasks.script import ask, join, study, wait


def rule(key, level):
    """Write a lifetime of `trials` episodes, and a last one whose answers count.

    Args:
      key: random key.
      level: `Level`; an episode has half as many items as there are `classes`, or `kinds` if that
        is more.

    Returns:
      `Script` of `2 * items * (trials + 1) + delay` steps, in `trials + 1` episodes.
    """
    key_words, key_wants, key_kinds, key_episodes = jax.random.split(key, 4)
    words = jax.random.permutation(key_words, level.words)[: level.kinds]
    wants = jax.random.permutation(key_wants, level.kinds)
    count = max(level.kinds, level.classes // 2)
    # Every episode tries all kinds, as evenly as their number allows; the last one has any.
    key_tried, key_last = jax.random.split(key_kinds)
    tried = (jnp.arange(level.trials * count) % level.kinds).reshape(level.trials, count)
    tried = jax.random.permutation(key_tried, tried, axis=1, independent=True)
    last = jax.random.randint(key_last, (1, count), 0, level.kinds)

    def episode(key, kinds, items):
        key_order, key_ask = jax.random.split(key)
        named = jax.random.permutation(key_order, count)
        asked = jax.random.permutation(key_ask, count)
        questions = ask(language.WHAT_TO_DO, items[asked], wants[kinds[asked]], level.kinds)
        return [study(items[named], words[kinds[named]]), questions]

    kinds = jnp.concatenate([tried, last])
    new = jnp.arange((level.trials + 1) * count).reshape(-1, count)
    items = jnp.where(jnp.arange(count) < count // 2, new[0], new)
    *trials, final = map(episode, jax.random.split(key_episodes, level.trials + 1), kinds, items)
    trials[-1] = [*trials[-1], wait(items.size + jnp.arange(level.delay))]
    return join(*trials, final)
