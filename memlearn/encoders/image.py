"""Images to embeddings."""

import flax.linen as nn
import jax.numpy as jnp


class ImageEncoder(nn.Module):
    """A small CNN: 3x3 convolutions of stride 2, then one linear layer.

    Attributes:
      width: D.
      channels: channels of each convolution.
    """

    width: int
    channels: tuple[int, ...]

    @nn.compact
    def __call__(self, images):
        """Map images uint8 `[..., 32, 32, 3]` to embeddings `[..., D]`."""
        *lead, height, width, depth = images.shape
        x = images.reshape(-1, height, width, depth).astype(jnp.float32) / 127.5 - 1
        for channels in self.channels:
            x = nn.relu(nn.GroupNorm(num_groups=4)(nn.Conv(channels, (3, 3), strides=2)(x)))
        x = nn.Dense(self.width)(x.reshape(x.shape[0], -1))
        return x.reshape(*lead, self.width)
