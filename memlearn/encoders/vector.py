"""Vectors, scalars and discrete actions to embeddings."""

import flax.linen as nn


class VectorEncoder(nn.Module):
    """A two-layer perceptron on a vector, such as proprioception.

    Attributes:
      width: D.
    """

    width: int

    @nn.compact
    def __call__(self, vectors):
        """Map vectors float `[..., P]` to embeddings `[..., D]`."""
        return nn.Dense(self.width)(nn.gelu(nn.Dense(self.width)(vectors)))


class ScalarEncoder(nn.Module):
    """A `VectorEncoder` of one number, such as the reward of the step before.

    Attributes:
      width: D.
    """

    width: int

    @nn.compact
    def __call__(self, scalars):
        """Map scalars float `[...]` to embeddings `[..., D]`."""
        return VectorEncoder(self.width)(scalars[..., None])


class ActionEncoder(nn.Module):
    """A table of discrete actions, such as the action of the step before.

    Attributes:
      width: D.
      actions: number of actions.
    """

    width: int
    actions: int

    @nn.compact
    def __call__(self, actions):
        """Map actions int32 `[...]` to embeddings `[..., D]`."""
        return nn.Embed(self.actions, self.width)(actions)
