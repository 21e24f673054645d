"""Scripts: what happens in a lifetime, step by step, drawn anew for every lifetime.

A task is a function that writes one. It says what is shown, in which of two roles (to be studied,
or as a question), and which answer is right. `Lifetime` plays it.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from memlearn.tasks import language
from memlearn.types import EPISODE, LIFETIME, NONE, PAD

STUDY, ASK = 0, 1  # the two roles; each has its own faces


class Script(NamedTuple):
    """One lifetime of T steps.

    Attributes:
      item: int32 `[T]`, which of the lifetime's items is shown.
      role: int32 `[T]`, `STUDY` or `ASK`.
      text: int32 `[T, L]` tokens.
      question: bool `[T]`.
      answer: int32 `[T]`, the right word; meaningful where `question`.
      boundary: int32 `[T]`, boundary codes.
    """

    item: jax.Array
    role: jax.Array
    text: jax.Array
    question: jax.Array
    answer: jax.Array
    boundary: jax.Array


def study(items, words):
    """Show items `[n]`, each with the text "this is <word>" for words `[n]`."""
    instruction = jnp.full_like(items, language.THIS_IS)
    text = jnp.stack([instruction, language.FIRST_WORD + words], axis=-1)
    return _part(items, STUDY, text, question=False, answer=words)


def wait(items):
    """Show items `[n]` without a text."""
    text = jnp.full((items.size, language.LENGTH), PAD)
    return _part(items, STUDY, text, question=False, answer=jnp.zeros_like(items))


def ask(instruction, items, answers):
    """Show items `[n]` with the text of a question, to be answered by words `[n]`."""
    texts = jnp.array([instruction, PAD])
    text = jnp.broadcast_to(texts, (items.size, language.LENGTH))
    return _part(items, ASK, text, question=True, answer=answers)


def join(*episodes):
    """Put episodes, each a list of parts, one after another into the `Script` of a lifetime."""
    parts, boundary = [], []
    for index, episode in enumerate(episodes):
        length = sum(part.item.size for part in episode)
        first = LIFETIME if index == 0 else EPISODE
        boundary.append(jnp.full(length, NONE).at[0].set(first))
        parts.extend(episode)
    script = jax.tree.map(lambda *xs: jnp.concatenate(xs), *parts)
    return script._replace(boundary=jnp.concatenate(boundary))


def _part(item, role, text, question, answer):
    return Script(
        item=item,
        role=jnp.full_like(item, role),
        text=text,
        question=jnp.full(item.shape, question),
        answer=answer,
        boundary=jnp.full_like(item, NONE),
    )
