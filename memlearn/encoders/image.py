"""Images to embeddings."""

import flax.linen as nn
import jax.numpy as jnp

PATCH = 4  # side of the lowest squares, in pixels


class ImageEncoder(nn.Module):
    """A pyramid of patches: matmuls alone, so that it is quick on every device.

        x_0     = pixels - their mean
        x_{l+1} = leaky_relu(linear(x_l in squares of side s_l))        s = PATCH, 2, 2, ..
        e       = linear(x_L)

    Images differ from the first step on, as the memory needs them to: pixels are taken from their
    mean and what is negative is not cut off, or else all images, having the same background, would
    begin with nearly the same embedding, and everything would match everything.

    Attributes:
      width: D.
      channels: width of each level of the pyramid, of which 32 pixels allow four.
    """

    width: int
    channels: tuple[int, ...]

    @nn.compact
    def __call__(self, images):
        """Map images uint8 `[..., height, width, depth]`, such as 32 x 32 x 3, to `[..., D]`."""
        *lead, height, width, depth = images.shape
        x = images.reshape(-1, height, width, depth).astype(jnp.float32) / 127.5
        x = x - x.mean((1, 2, 3), keepdims=True)
        side = PATCH
        for channels in self.channels:
            linear = nn.Dense(channels, kernel_init=nn.initializers.he_normal())
            x = nn.leaky_relu(linear(_squares(x, side)), negative_slope=0.3)
            side = 2
        x = nn.Dense(self.width)(x.reshape(x.shape[0], -1))
        return x.reshape(*lead, self.width)


def _squares(x, side):
    """`[B, height, width, C]` to `[B, height / side, width / side, side * side * C]`."""
    batch, height, width, depth = x.shape
    x = x.reshape(batch, height // side, side, width // side, side, depth)
    return jnp.swapaxes(x, 2, 3).reshape(batch, height // side, width // side, -1)
