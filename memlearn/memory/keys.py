"""Keys: under which address an event is filed, and at which address memory is asked.

An address is a unit vector in `[K]`, composed of *sources*: the modalities of this event (lag 0)
and of the one before it (lag 1). Filing an event under a source of lag 1 is what lets memory be
asked for the successor of something.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax


def unit(x):
    """Scale the last axis to length one; zero stays zero, and so does its gradient."""
    return x * lax.rsqrt(jnp.sum(jnp.square(x), -1, keepdims=True) + 1e-6)


class Addresses(nn.Module):
    """Map each modality's embedding to the space of addresses, `a[m] = A[m] e[m]`.

    One map per modality and bank, shared by both lags and by keys and queries.
    """

    banks: int
    key_width: int

    @nn.compact
    def __call__(self, embeddings):
        """Map embeddings `[B, T, M, D]` to addresses `[B, T, M, H, K]`, zero to zero."""
        *_, modalities, width = embeddings.shape
        shape = (modalities, width, self.banks, self.key_width)
        init = nn.initializers.variance_scaling(1.0, "fan_in", "normal", in_axis=1, out_axis=(2, 3))
        maps = self.param("maps", init, shape).astype(embeddings.dtype)
        return jnp.einsum("btmd,mdhk->btmhk", embeddings, maps)


class SourceKeys(nn.Module):
    """The learned rule: the context says how much of each source an address is made of.

    key   = unit(sum_s softmax(kw(c) + kb)[s] a[s])
    query = unit(sum_s softmax(kr(c) + qb)[s] a[s])
    """

    banks: int

    @nn.compact
    def __call__(self, context, sources, present):
        """Compose the address of each event in each bank, for filing and for asking.

        Args:
          context: float `[B, T, D]`.
          sources: addresses of the sources, float `[B, T, S, H, K]`.
          present: bool `[B, T, S]`; an absent source has no part in an address.

        Returns:
          keys, queries: unit vectors `[B, T, H, K]`; zero where no source is present.
          key_sources, query_sources: the weights `[B, T, H, S]`.
        """
        key_weights = self._weights("key", context, present)
        query_weights = self._weights("query", context, present)
        key = unit(jnp.einsum("bths,btshk->bthk", key_weights, sources))
        query = unit(jnp.einsum("bths,btshk->bthk", query_weights, sources))
        return key, query, key_weights, query_weights

    def _weights(self, name, context, present):
        shape = (self.banks, present.shape[-1])
        linear = nn.DenseGeneral(
            shape, use_bias=False, kernel_init=nn.initializers.zeros, name=name
        )
        logits = linear(context) + self.param(f"{name}_bias", _one_modality_a_bank, shape)
        mask = jnp.broadcast_to(present[:, :, None], logits.shape)
        return jax.nn.softmax(logits, axis=-1, where=mask) * mask.any(-1, keepdims=True)


def _one_modality_a_bank(key, shape, dtype=jnp.float32):
    """Begin with bank h filing and asking under modality h, at lag 0.

    A key and a query that begin with different sources have nothing in common to match on, and it
    can take thousands of updates until they find something.
    """
    banks, sources = shape
    return 3.0 * jax.nn.one_hot(jnp.arange(banks) % (sources // 2), sources, dtype=dtype)


class FusedKeys(nn.Module):
    """The fixed rule of attention: one projection of the fused event to ask, one to file."""

    banks: int

    @nn.compact
    def __call__(self, context, sources, present):
        """As `SourceKeys`, except that no source has a weight (None)."""
        shape = (self.banks, sources.shape[-1])
        key = unit(nn.DenseGeneral(shape, name="key")(context))
        query = unit(nn.DenseGeneral(shape, name="query")(context))
        return key, query, None, None


RULES = {"learned": SourceKeys, "fused": FusedKeys}
