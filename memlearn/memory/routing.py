"""Routing: which slot of a bank an event goes to, and which banks it is written to and asked of."""

import flax.linen as nn
import jax
import jax.numpy as jnp


class SlotRouter(nn.Module):
    """Route each event by its key to the slots whose learned prototype is nearest."""

    slots: int

    @nn.compact
    def __call__(self, keys, usable):
        """Map keys `[B, T, H, K]` to places `[B, T, H, N]` that sum to one over slots `[B, N]`."""
        *_, banks, width = keys.shape
        init = nn.initializers.normal(1.0)
        prototypes = self.param("prototypes", init, (banks, self.slots, width)).astype(keys.dtype)
        likeness = jnp.einsum("bthk,hnk->bthn", keys, prototypes)
        return jax.nn.softmax(likeness, axis=-1, where=usable[:, None, None])


class BankRouter(nn.Module):
    """Say how far each bank takes part, relative to the one that does most.

        p = softmax(linear(c))        route = p / max p

    so that equal shares are full shares. The shares are sown as `routing` for `balance_loss`.

    Attributes:
      rule: `learned`; `all`, every route is 1; or `by_modality`, bank h takes part where modality
        h mod M is present.
      banks: H.
      top: how many banks take part at most, by the rule `learned`. The routes of the others are 0,
        and so are their gradients: it takes the balance loss to bring a bank back.
    """

    rule: str
    banks: int
    top: int

    @nn.compact
    def __call__(self, context, present):
        """Route events to banks.

        Args:
          context: float `[B, T, D]`.
          present: bool `[B, T, M]`.

        Returns:
          routes `[B, T, H]` in [0, 1].
        """
        if self.rule == "all":
            return jnp.ones((*context.shape[:2], self.banks), context.dtype)
        if self.rule == "by_modality":
            return present[..., jnp.arange(self.banks) % present.shape[-1]].astype(context.dtype)
        logits = nn.Dense(self.banks, kernel_init=nn.initializers.zeros)(context)
        shares = jax.nn.softmax(logits, axis=-1)
        self.sow("routing", "shares", shares.mean((0, 1)))
        chosen = jax.nn.one_hot(jax.lax.top_k(shares, self.top)[1], self.banks).sum(-2)
        return chosen * shares / shares.max(-1, keepdims=True)


def balance_loss(shares):
    """Return `H * sum_h p_h^2` for mean shares p `[H]`: 1 when balanced, H when all is in one.

    Source: Fedus et al., 2022, equation 4, the mean share in place of the part that is sent there.
    """
    return shares.size * jnp.sum(jnp.square(shares))


def effective(shares):
    """Return how many banks take part in effect, `exp(entropy(p))`, for mean shares p `[H]`."""
    return jnp.exp(jax.scipy.special.entr(shares).sum())
