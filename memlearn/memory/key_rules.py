"""The rules of keys: the learned one, and those it is compared with.

The first of them change one thing of the learned rule; the last two know nothing of sources.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from memlearn.memory.clock import ClockKeys
from memlearn.memory.keys import Addresses, SourceKeys, unit


class PresentKeys(SourceKeys):
    """The learned rule, but the event before is no source."""

    lags = 1

    def weigh(self, name, context, present):
        before = jnp.arange(present.shape[-1]) >= present.shape[-1] // 2
        return super().weigh(name, context, present & ~before)


class LayerMapsKeys(SourceKeys):
    """The learned rule, but with address maps of its own in each layer."""

    def locate(self, embeddings):
        return Addresses(self.width, name="addresses")(embeddings)


class TwoMapsKeys(LayerMapsKeys):
    """As `LayerMapsKeys`, and of those one set for keys and another for queries."""

    @property
    def width(self):
        return 2 * self.maps.width

    def compose(self, key_weights, query_weights, sources):
        filed, asked = jnp.split(sources, 2, axis=-1)
        return key_weights @ filed, query_weights @ asked


class BankMapsKeys(LayerMapsKeys):
    """As `LayerMapsKeys`, and of those a set for each bank."""

    @property
    def width(self):
        return self.banks * self.maps.width

    def compose(self, key_weights, query_weights, sources):
        each = sources.reshape(*sources.shape[:3], self.banks, self.maps.width)
        key = jnp.einsum("bths,btshk->bthk", key_weights, each)
        return key, jnp.einsum("bths,btshk->bthk", query_weights, each)


class ModalityKeys(SourceKeys):
    """The fixed rule of dual coding: bank h files and asks under modality h mod M, if present.

    With fewer banks than modalities, the last modalities have none.
    """

    def weigh(self, name, context, present):
        bank = jnp.arange(self.banks) % (present.shape[-1] // 2)
        weights = jax.nn.one_hot(bank, present.shape[-1], dtype=context.dtype)
        return weights * present[:, :, None]


class FusedKeys(nn.Module):
    """The fixed rule of attention: one projection of the fused event to ask, one to file.

    Attributes:
      banks: H.
      recalled, maps, leads: as for `SourceKeys`, that all rules are built alike; only K is taken of
        them.
    """

    banks: int
    recalled: int
    maps: Addresses
    leads: int

    def initial_state(self, batch, modalities, dtype):
        """Return nothing: the event before has no part in an address."""
        return ()

    @nn.compact
    def __call__(self, last, events, context, resets):
        """As `SourceKeys`, except that no source has a weight (None)."""
        shape = (self.banks, self.maps.width)
        key = unit(nn.DenseGeneral(shape, name="key")(events.fused))
        query = unit(nn.DenseGeneral(shape, name="query")(events.fused))
        return last, key, query, None, None


class RandomKeys(FusedKeys):
    """The fixed rule of retrieval by likeness: one random projection of the fused event."""

    @nn.compact
    def __call__(self, last, events, context, resets):
        width = events.fused.shape[-1]
        shape = (width, self.banks, self.maps.width)
        projection = jax.random.normal(jax.random.key(0), shape, events.fused.dtype)
        address = unit(jnp.einsum("btd,dhk->bthk", events.fused, projection))
        return last, address, address, None, None


# Name -> module, as `config.memory.addressing` has it.
RULES = {
    "learned": SourceKeys,
    "present": PresentKeys,
    "clock": ClockKeys,
    "layer_maps": LayerMapsKeys,
    "two_maps": TwoMapsKeys,
    "bank_maps": BankMapsKeys,
    "fused": FusedKeys,
    "random": RandomKeys,
    "by_modality": ModalityKeys,
}
