"""Scripts: what happens in a lifetime, step by step, drawn anew for every lifetime.

A task is a function that writes one. It says what is shown, in which of two roles (to be studied,
or as a question), and which answer is right. `Lifetime` plays it.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from memlearn.tasks import language
from memlearn.types import EPISODE, LIFETIME, NONE, PAD, SENSES

STUDY, ASK = 0, 1  # the two roles; each has its own faces
LOOK = ("image",)  # how things are met, where nothing else is said


class Script(NamedTuple):
    """One lifetime of T steps.

    Attributes:
      item: int32 `[T]`, which of the lifetime's items is met.
      senses: bool `[T, SENSES]`, by which of `types.SENSES` it is met.
      role: int32 `[T]`, `STUDY` or `ASK`.
      text: int32 `[T, L]` tokens.
      question: bool `[T]`.
      answer: int32 `[T]`, the right word; meaningful where `question`.
      choices: int32 `[T]`, how many answers there are to choose from: the words below it.
      boundary: int32 `[T]`, boundary codes.
    """

    item: jax.Array
    senses: jax.Array
    role: jax.Array
    text: jax.Array
    question: jax.Array
    answer: jax.Array
    choices: jax.Array
    boundary: jax.Array


def study(items, words, said=language.THIS_IS, senses=LOOK):
    """Show items `[n]`, each with the text "this is <word>", or what is `said`, for words `[n]`."""
    said = jnp.broadcast_to(said, items.shape)
    text = jnp.stack([said, language.FIRST_WORD + words], axis=-1)
    return _part(items, senses, STUDY, text, question=False, answer=words, choices=1)


def wait(items, senses=LOOK):
    """Show items `[n]` without a text."""
    text = jnp.full((items.size, language.LENGTH), PAD)
    nothing = jnp.zeros_like(items)
    return _part(items, senses, STUDY, text, question=False, answer=nothing, choices=1)


def ask(instruction, items, answers, choices, senses=LOOK):
    """Show items `[n]` with a question, to be answered by words `[n]` below `choices`."""
    texts = jnp.array([instruction, PAD])
    text = jnp.broadcast_to(texts, (items.size, language.LENGTH))
    return _part(items, senses, ASK, text, question=True, answer=answers, choices=choices)


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


def pad(script, before, after):
    """Let other items go by for `before` steps at the start of a script, and `after` at its end."""
    others = script.item.size + jnp.arange(before + after)
    parts = wait(others[:before]), script, wait(others[before:])
    padded = jax.tree.map(lambda *xs: jnp.concatenate(xs), *parts)
    boundary = padded.boundary.at[before].set(NONE).at[0].set(LIFETIME)
    return padded._replace(boundary=boundary)


def _part(item, senses, role, text, question, answer, choices):
    met = jnp.array([sense in senses for sense in SENSES])
    return Script(
        item=item,
        senses=jnp.broadcast_to(met, (item.size, met.size)),
        role=jnp.full_like(item, role),
        text=text,
        question=jnp.full(item.shape, question),
        answer=answer,
        choices=jnp.full_like(item, choices),
        boundary=jnp.full_like(item, NONE),
    )
