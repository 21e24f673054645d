"""Texts to embeddings: as tokens of a small language, or as the bytes that they are written in."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from memlearn.types import PAD


class TextEncoder(nn.Module):
    """Tokens and their positions, mixed by a two-layer perceptron and summed.

    Attributes:
      width: D.
      vocabulary: number of tokens; token 0 is padding.
    """

    width: int
    vocabulary: int

    @nn.compact
    def __call__(self, tokens):
        """Map tokens int32 `[..., L]` to embeddings `[..., D]`."""
        x = nn.Embed(self.vocabulary, self.width)(tokens)
        x = x + nn.Embed(tokens.shape[-1], self.width)(jnp.arange(tokens.shape[-1]))
        x = nn.Dense(self.width)(nn.gelu(nn.Dense(2 * self.width)(x)))
        return jnp.sum(x * (tokens != PAD)[..., None], axis=-2)


class BytesEncoder(nn.Module):
    """Texts as UTF-8, so that any language can be read, by the trigrams that are in them.

        x_l = table[byte_l] + place_l
        y_l = gelu(linear(x_{l-1}, x_l, x_{l+1}))
        e   = linear(mean over the text of y)

    Attributes:
      width: D.
    """

    width: int
    letter = 32  # width of one byte

    @nn.compact
    def __call__(self, text):
        """Map texts uint8 `[..., L]`, padded with zeros, to embeddings `[..., D]`."""
        length, written = text.shape[-1], (text != PAD)[..., None]
        places = self.param("places", nn.initializers.normal(0.3), (length, self.letter))
        x = (nn.Embed(256, self.letter, name="table")(text.astype(jnp.int32)) + places) * written
        before, after = _shift(x, 1), _shift(x, -1)
        y = nn.gelu(nn.Dense(self.width)(jnp.concatenate([before, x, after], axis=-1))) * written
        mean = y.sum(-2) / jnp.maximum(written.sum(-2), 1)
        return nn.Dense(self.width)(mean)


def _shift(x, by):
    """Move texts `[..., L, X]` by so many places, forth or back; what comes in is zero."""
    padding = [(0, 0, 0)] * (x.ndim - 2) + [(by, -by, 0), (0, 0, 0)]
    return jax.lax.pad(x, jnp.zeros((), x.dtype), padding)
