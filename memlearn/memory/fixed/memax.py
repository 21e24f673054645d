"""The recurrences of memax, an optional package, behind our contract.

Each is a semigroup: a step is an element, and the state after it is the product of all elements so
far, found for all steps at once by an associative scan. An element that begins a lifetime absorbs
whatever is multiplied from its left.
"""

import importlib
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from memlearn.memory.base import Memory
from memlearn.types import LIFETIME, UserError

WINDOW = 20  # events that attention looks back on, the present one among them

# What each is: its place in memax.equinox.semigroups, and what makes it of width n.
#
#   lru        a complex diagonal that decays (Orvieto et al., 2023)
#   s6         a real diagonal whose step depends on the input (Gu & Dao, 2023)
#   ffm        complex traces at many rates and periods (Morad et al., 2023)
#   attention  softmax attention over the last events, in rotary positions (Su et al., 2021)
#
# NMax and DLSE are left out: they decay inside a maximum, which is not associative once the decay
# is trained, so that acting is not training (outputs of size 1 differ by 0.2). So is FART, whose
# normaliser forgets all keys but the last, in memax 0.1.1.
KINDS = {
    "lru": ("lru", "LRU", lambda n: dict(hidden_size=n, recurrent_size=n)),
    "s6": ("s6", "S6", lambda n: dict(hidden_size=n, recurrent_size=n)),
    "ffm": ("ffm", "FFM", lambda n: dict(hidden_size=n, trace_size=4, context_size=n // 4)),
    "attention": (
        "attn",
        "Attention",
        lambda n: dict(recurrent_size=n, window_size=WINDOW, positional_embedding="rope"),
    ),
}


class MemaxState(NamedTuple):
    """`carry`: what memax hands from step to step, a nested tuple of arrays `[B, ...]`."""

    carry: Any


class MemaxMemory(Memory):
    """A layer of memax over the fused event, between two projections.

    Attributes:
      kind: a name in `KINDS`.
      recurrent_size: width of the layer; at least 4 for `ffm`, even for `attention`.
    """

    kind: str
    recurrent_size: int

    def initial_state(self, batch, dtype=jnp.float32):
        """As the contract says; complex numbers stay `complex64`, as there are none narrower."""

        def one_each(x):
            held = dtype if jnp.issubdtype(x.dtype, jnp.floating) else x.dtype
            return jnp.broadcast_to(x, (batch, *x.shape)).astype(held)

        return MemaxState(jax.tree.map(one_each, self._outline().initialize_carry()))

    @nn.compact
    def __call__(self, state, events, boundaries, trace=False):
        outline = self._outline()
        weights = self.param("layer", lambda key: _weights(self._draw(key)))
        layer = jax.tree_util.tree_map_with_path(
            lambda path, leaf: weights.get(_name(path), leaf), outline
        )

        def run(carry, rows, starts):
            carries, outs = layer(carry, (rows, starts))
            return layer.latest_recurrent_state(carries), outs

        rows = nn.Dense(self.recurrent_size, name="in")(events.fused.astype(jnp.float32))
        carry = _cast(state.carry, outline.initialize_carry())
        carry, outs = jax.vmap(run)(carry, rows, boundaries == LIFETIME)
        outs = nn.LayerNorm(name="norm")(outs)  # as memax does; what s6 returns has no bound
        out = nn.Dense(self.width, name="out")(outs).astype(events.fused.dtype)[:, :, None]
        return MemaxState(_cast(carry, state.carry)), out, None

    def _draw(self, key):
        """Return the layer, an equinox module, its weights drawn from `key`."""
        module, name, arguments = KINDS[self.kind]
        layer = getattr(_import(f"memax.equinox.semigroups.{module}"), name)
        return layer(key=key, **arguments(self.recurrent_size))

    def _outline(self):
        """Return the layer with shapes where its weights belong."""
        return _import("equinox").filter_eval_shape(self._draw, jax.random.key(0))


def _weights(layer):
    """Return the arrays of an equinox module, by name, as flax keeps them."""
    leaves = jax.tree_util.tree_leaves_with_path(layer)
    return {_name(path): leaf for path, leaf in leaves if isinstance(leaf, jax.Array)}


def _name(path):
    return jax.tree_util.keystr(path, simple=True, separator="_")


def _cast(tree, like):
    return jax.tree.map(lambda x, y: x.astype(y.dtype), tree, like)


def _import(name):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UserError("memories of memax need an extra: pip install -e '.[memax]'") from error
