"""Spectrograms to embeddings."""

import flax.linen as nn

from memlearn.encoders.image import ImageEncoder


class SpeechEncoder(nn.Module):
    """A spectrogram is an image of one channel, and read as such.

    Attributes:
      width: D.
      channels: width of each level of the pyramid, of which 32 bands allow four.
    """

    width: int
    channels: tuple[int, ...]

    @nn.compact
    def __call__(self, spectrograms):
        """Map log-mel spectrograms uint8 `[..., FRAMES, BANDS]` to embeddings `[..., D]`."""
        return ImageEncoder(self.width, self.channels)(spectrograms[..., None])
