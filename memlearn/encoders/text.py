"""Token sequences to embeddings."""

import flax.linen as nn
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
