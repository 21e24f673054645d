"""Many modalities to one event."""

import flax.linen as nn
import jax.numpy as jnp
from flax.core import FrozenDict

from memlearn.types import Event


class EventEncoder(nn.Module):
    """Embed every modality of an observation, and all of them together.

    A modality that is absent, for a step or altogether, embeds to zero and is masked as absent;
    nothing else treats it apart.

    Attributes:
      width: D.
      encoders: modality name -> module from its arrays to embeddings `[..., D]`. The order of the
        names is the order of the modalities M.
    """

    width: int
    encoders: FrozenDict[str, nn.Module]

    @nn.compact
    def __call__(self, observation, present):
        """Perceive T steps.

        Args:
          observation: modality name -> array `[B, T, ...]`; names without an encoder are ignored.
          present: modality name -> bool `[B, T]`.

        Returns:
          `Event` of arrays `[B, T, ...]`.
        """
        lead = next(iter(present.values())).shape
        nothing = jnp.zeros((*lead, self.width)), jnp.zeros(lead, bool)
        embeddings, masks = [], []
        for name, encoder in self.encoders.items():
            embedding, mask = nothing
            if name in observation:
                mask = present[name]
                embedding = nn.LayerNorm(name=f"norm_{name}")(encoder(observation[name]))
                embedding = embedding * mask[..., None]
            embeddings.append(embedding)
            masks.append(mask)
        embeddings, masks = jnp.stack(embeddings, axis=-2), jnp.stack(masks, axis=-1)
        parts = jnp.concatenate([embeddings.reshape(*lead, -1), masks], axis=-1)
        fused = nn.Dense(self.width)(nn.gelu(nn.Dense(2 * self.width)(parts)))
        return Event(embeddings, masks, nn.LayerNorm(name="norm_fused")(fused))
