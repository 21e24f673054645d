"""A memory of slots whose keys, slots and routing are learned, or each set to a fixed rule."""

import functools
from typing import NamedTuple

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp

from memlearn.memory import access, designs, key_rules, keys
from memlearn.memory.base import Memory
from memlearn.memory.routing import BankRouter
from memlearn.memory.slots import Admission, Count, Placement, Retention, fresh_slots
from memlearn.types import EPISODE, LIFETIME


class SlotMemoryState(NamedTuple):
    """What is carried from one event to the next.

    Attributes:
      contents: what the slots hold.
      pointer: int32 `[B, H]`, the fresh slot that is next.
      budget: int32 `[B]`, how many slots of each bank may be used: the first ones.
      last: what the rule of the keys carries of the event before.
    """

    contents: access.Contents
    pointer: jax.Array
    budget: jax.Array
    last: keys.LastEvent | tuple[()]


class SlotTrace(NamedTuple):
    """What a memory did at each step.

    Attributes:
      write, read: weights over slots `[B, T, H, N]`.
      decay: log-decay of slots, in nats per step `[B, T, H, N]`.
      admission: `[B, T]`.
      fresh: the gate between a routed (0) and a fresh (1) slot, `[B, T, H]`.
      open: how many slots are open, `[B, T, H]`.
      write_banks, read_banks: routes `[B, T, H]`.
      key_sources, query_sources: `[B, T, H, S]`, all of lag 0 before all of lag 1; or None.
      mass, tally: `[B, T, H]`.
    """

    write: jax.Array
    read: jax.Array
    decay: jax.Array
    admission: jax.Array
    fresh: jax.Array
    open: jax.Array
    write_banks: jax.Array
    read_banks: jax.Array
    key_sources: jax.Array | None
    query_sources: jax.Array | None
    mass: jax.Array
    tally: jax.Array


class SlotMemory(Memory):
    """H banks of N slots; every axis of their structure is learned or follows a fixed rule.

    Attributes:
      banks, slots, value_width: H, N, V.
      maps: `keys.Addresses` of what is perceived, K wide; layers that are given the same module
        share it.
      leads: how many of the first modalities banks begin to file and ask under.
      addressing, admission, placement, count, retention, survival, bank_routing, conditioning,
        amounts: the rule of each axis, one of `designs.AXES`.
      admission_rate: how often an event is written, by the rule `random`.
      top_banks: how many banks take part at most; 0 for all.
    """

    banks: int
    slots: int
    value_width: int
    maps: keys.Addresses
    leads: int
    addressing: str
    admission: str
    placement: str
    count: str
    retention: str
    survival: str
    bank_routing: str
    conditioning: str
    amounts: str
    admission_rate: float
    top_banks: int

    def __post_init__(self):
        designs.check({axis: getattr(self, axis) for axis in designs.AXES})
        super().__post_init__()

    @property
    def parts(self):
        return self.banks

    def initial_state(self, batch, dtype=jnp.float32):
        sizes = (self.banks, self.slots, self.maps.width, self.value_width)
        rule = self._rule_of_keys(parent=None)
        return SlotMemoryState(
            contents=access.empty(batch, *sizes, dtype),
            pointer=jnp.zeros((batch, self.banks), jnp.int32),
            budget=jnp.full(batch, self.slots, jnp.int32),
            last=rule.initial_state(batch, self.perceived + self.recalled, dtype),
        )

    def limit(self, state, share):
        """Return a state that may use the first slots of each bank only, at least one.

        In training by lifetimes of different shares, slots become ordered by worth: the first ones
        serve every lifetime. One training then tells how well a memory of any size does.
        """
        chex.assert_shape(share, state.budget.shape if jnp.ndim(share) else ())
        budget = jnp.ceil(share * state.budget - 1e-4)  # rounding adds no slot
        return state._replace(budget=jnp.maximum(budget, 1).astype(jnp.int32))

    @nn.compact
    def __call__(self, state, events, boundaries, trace=False):
        resets = boundaries == LIFETIME
        # In no context, whatever is learned is the same at every step. By a context of length 1
        # structure moves slowly, and does not run off with the noise of the first gradients: under
        # Adam, what a linear layer of D such inputs returns changes up to sqrt(D) times as fast as
        # its bias, of D inputs of size 1, D times.
        static = self.conditioning == "static"
        context = (0.0 if static else self.width**-0.5) * events.fused

        # Keys: what each event is filed under, and what it asks for.
        compose = self._rule_of_keys(name="keys")
        last, key, query, key_sources, query_sources = compose(state.last, events, context, resets)

        # Routing and slots: to which banks, whether, where, and for how long.
        router = functools.partial(
            BankRouter, self.bank_routing, self.banks, self.top_banks or self.banks
        )
        write_banks = router(name="write_banks")(context, events.present)
        read_banks = router(name="read_banks")(context, events.present)
        admit = Admission(self.admission, self.admission_rate, name="admission")
        admission = admit(context, events.fused)
        written = admission[..., None] * write_banks
        self.sow("written", "share", written.mean())
        usable = jnp.arange(self.slots) < state.budget[:, None]
        count = Count(self.count, name="count")
        share, ring = count(context, state.budget, self.banks, self.slots)
        fresh, pointer = fresh_slots(written, resets, state.pointer, ring, self.slots)
        place, gate = Placement(self.placement, name="placement")(context, key, fresh, usable)
        write = written[..., None] * place * share
        retention = Retention(self.retention, self.survival, name="retention")
        decay = retention(context, write, boundaries == EPISODE)

        # The slots themselves.
        reads, mass, tally, read, contents = access.Access(name="access")(
            state.contents, query, key, self._values(events), write, decay, resets, usable, share
        )

        # What each bank recalls, as far as it is asked. Fan-in over all: what counts is their sum.
        found = {"out": (reads, nn.initializers.lecun_normal((0, 1), 2))}
        if self.amounts == "told":
            # Amounts have no say at first: random weights on so many marks would drown the values.
            measured = access.Ruler(name="mass")(mass), access.Ruler(name="tally")(tally)
            found["amounts"] = jnp.concatenate(measured, axis=-1), nn.initializers.zeros
        out = self._project(read_banks, found).astype(events.fused.dtype)

        state = SlotMemoryState(contents, pointer, state.budget, last)
        if not trace:
            return state, out, None
        number = jnp.sum(usable[:, None, None] * jnp.broadcast_to(share, write.shape), axis=-1)
        routes = (admission, gate, number, write_banks, read_banks, key_sources, query_sources)
        return state, out, SlotTrace(write, read, decay, *routes, mass, tally)

    def _rule_of_keys(self, **settings):
        """The module that composes keys and queries."""
        rule = key_rules.RULES[self.addressing]
        return rule(self.banks, self.recalled, self.maps, self.leads, **settings)

    def _project(self, route, found):
        """Map what each bank found, name -> `[B, T, H, X]` and init, to `[B, T, H, D]`."""
        kernels = [
            self.param(name, init, (self.banks, x.shape[-1], self.width))
            for name, (x, init) in found.items()
        ]
        found = jnp.concatenate([x for x, _ in found.values()], axis=-1)
        kernel = jnp.concatenate(kernels, axis=1).astype(found.dtype)
        return jnp.einsum("bthx,hxd->bthd", route[..., None].astype(found.dtype) * found, kernel)

    def _values(self, events):
        """What is written: `W [e[1..M]; fused]`, a value `[B, T, H, V]`."""
        parts = events.embeddings.reshape(*events.fused.shape[:2], -1)
        value = functools.partial(nn.DenseGeneral, (self.banks, self.value_width))
        return value(name="value")(parts) + value(name="value_fused", use_bias=False)(events.fused)


def silenced(params):
    """Return the parameters of a `SlotMemory` by which it remembers as before and recalls nothing.

    Args:
      params: its own, as flax has them: by name an array, or a dict of a part.
    """
    ways_out = "out", "amounts"
    return {name: jnp.zeros_like(x) if name in ways_out else x for name, x in params.items()}
