"""Slots: which events deserve one, which one they get, and how long it lives."""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax

from memlearn.memory.routing import SlotRouter
from memlearn.ops.recurrence import linear_recurrence

RAMP = 4.0  # slots, over which the last ones in use close
HALF_LIFE = 32.0  # steps; of retention by the rule `fixed`
KEEP = 10.0  # what learned retention begins with: half of a slot is left after 15,000 steps
MIN_LOG_KEEP = -5.0  # keeps the parallel forms of the op within range; exp(-5) = .7 % is left


def _gate(name, width, start):
    """A linear layer for a gate that begins at `sigmoid(start)`, whatever the context."""
    start = nn.initializers.constant(start)
    return nn.Dense(width, kernel_init=nn.initializers.zeros, bias_init=start, name=name)


class Admission(nn.Module):
    """In [0, 1]: is this event written at all?

    Learned: `sigmoid(linear(c))`; `always`: 1; `random`: 1 or 0, by a hash of the event, so that
    acting and training agree; an event that comes again is treated as before.

    Attributes:
      rule: `learned`, `always` or `random`.
      rate: how often `random` admits an event.
    """

    rule: str
    rate: float

    @nn.compact
    def __call__(self, context, fused):
        """Map the context and the fused event, both `[B, T, D]`, to admission `[B, T]`."""
        if self.rule == "always":
            return jnp.ones(context.shape[:2], context.dtype)
        if self.rule == "random":
            dice = jnp.mod(8 * (fused @ jax.random.normal(jax.random.key(1), fused.shape[-1:])), 1)
            return (lax.stop_gradient(dice) < self.rate).astype(context.dtype)
        return jax.nn.sigmoid(_gate("gate", 1, start=3.0)(context))[..., 0]


class Count(nn.Module):
    """How many slots of each bank are in use: those before a number n that the context decides.

        n = (budget + RAMP - 1) * sigmoid(linear(c))        open_i = clip((n - i) / RAMP, 0, 1)

    with i = 0 .. N - 1; closed slots are neither written nor read. Under a price on open slots they
    stay open only where that pays, at the steps where it does. The soft edge is that of adaptive
    attention spans (Sukhbaatar et al., 2019, section 2.2).

    Attributes:
      rule: `learned`, or `all`: every slot of the budget is open.
    """

    rule: str

    @nn.compact
    def __call__(self, context, budget, banks, slots):
        """Open slots.

        Args:
          context: float `[B, T, D]`.
          budget: int32 `[B]`, how many may be open, up to N.
          banks, slots: H, N.

        Returns:
          how far each is open, in [0, 1] `[B, T, H, N]`, and how many more than half, at least one,
          int32 `[B, T, H]`. If all are, 1.0 and the budget.
        """
        if self.rule == "all":
            return 1.0, budget
        budget = budget[:, None, None]
        index = jnp.arange(slots, dtype=context.dtype)
        number = jax.nn.sigmoid(_gate("number", banks, start=3.0)(context)) * (budget + RAMP - 1)
        share = jnp.clip((number[..., None] - index) / RAMP, 0, 1)
        share = jnp.where(index < budget[..., None], share, 0)
        self.sow("open", "share", share.mean())
        return share, jnp.maximum(jnp.sum(share > 0.5, axis=-1), 1)


def fresh_slots(written, resets, pointer, ring, slots):
    """Give each event the next free slot of a ring, which advances with each event written.

        place_t = next_t if next_t < ring_t else 0        next_{t+1} = place_t + round(written_t)

    The ring counts whole events. That decision has no gradient; whether to admit an event is
    learned from what writing it does.

    Args:
      written: admission times write route, float in [0, 1] `[B, T, H]`.
      resets: bool `[B, T]`, where the ring starts again at slot 0.
      pointer: int32 `[B, H]`, the slot that is next.
      ring: how many slots the ring has, from 1 to N: int32 `[B, T, H]`, or `[B]` for always.
      slots: N.

    Returns:
      one-hot places `[B, T, H, N]`, and the pointer after the last event `[B, H]`.
    """
    counted = lax.stop_gradient(jnp.round(written)).astype(jnp.int32)
    if ring.ndim == 1:  # always as long: in parallel over time
        ones = jnp.ones_like(counted)
        found, last = linear_recurrence(ones, counted, resets, pointer, init=0)
        place, pointer = jnp.mod(found, ring[:, None, None]), jnp.mod(last, ring[:, None])
    else:
        pointer, place = _walk(counted, resets, pointer, ring)
    return jax.nn.one_hot(place, slots, dtype=written.dtype), pointer


def _walk(counted, resets, pointer, ring):
    """The slot after the last event `[B, H]`, and of each, step by step `[B, T, H]`."""

    def step(following, now):
        counted, reset, ring = now
        following = jnp.where(reset[:, None], 0, following)
        place = jnp.where(following < ring, following, 0)
        return place + counted, place

    steps = jax.tree.map(lambda x: jnp.moveaxis(x, 1, 0), (counted, resets, ring))
    pointer, place = lax.scan(step, pointer, steps)
    return pointer, jnp.moveaxis(place, 0, 1)


class Placement(nn.Module):
    """Where: `gate * fresh + (1 - gate) * routed`; by the rule `fresh` or `routed`, all of one."""

    rule: str

    @nn.compact
    def __call__(self, context, key, fresh, usable):
        """Decide where each event goes.

        Args:
          context: float `[B, T, D]`.
          key: what the event is filed under, `[B, T, H, K]`; decides where it is routed.
          fresh: one-hot places `[B, T, H, N]`.
          usable: bool `[B, N]`, the slots that it may be routed to.

        Returns:
          places `[B, T, H, N]` that sum to one over the slots, and the gate `[B, T, H]`.
        """
        if self.rule == "fresh":
            return fresh, jnp.ones(fresh.shape[:3], fresh.dtype)
        routed = SlotRouter(fresh.shape[-1], name="router")(key, usable)
        if self.rule == "routed":
            return routed, jnp.zeros(fresh.shape[:3], fresh.dtype)
        gate = jax.nn.sigmoid(_gate("gate", fresh.shape[2], start=3.0)(context))
        return gate[..., None] * fresh + (1 - gate)[..., None] * routed, gate


class Retention(nn.Module):
    """How much of each slot is kept, as a log-decay between `MIN_LOG_KEEP` and 0.

        keep = keep_bank(c) * (1 - overwrite_bank(c) * min(w, 1)) * survive_bank at an episode start

    At first next to nothing fades. How fast it should is learned from lifetimes that end soon:
    begun at `sigmoid(6)`, a bank could drift, while nothing was asked, to where nothing was left
    after a delay longer than it was trained on.

    Attributes:
      rule: `learned`; `none`, nothing is forgotten but what is overwritten; or `fixed`, besides
        that half of everything is forgotten in `HALF_LIFE` steps.
      survival: `learned`, `all` or `none`.
    """

    rule: str
    survival: str

    @nn.compact
    def __call__(self, context, write, episode):
        """Compute the log-decay of every slot.

        Args:
          context: float `[B, T, D]`.
          write: write weights, float `[B, T, H, N]`.
          episode: bool `[B, T]`, where an episode of the same lifetime starts.

        Returns:
          float `[B, T, H, N]`, in nats per step.
        """
        banks, taken = write.shape[2], jnp.minimum(write, 1)
        keep, overwrite = {"none": 1.0, "fixed": 0.5 ** (1 / HALF_LIFE)}.get(self.rule), 1.0
        if self.rule == "learned":
            keep = jax.nn.sigmoid(_gate("keep", banks, start=KEEP)(context))[..., None]
            overwrite = jax.nn.sigmoid(_gate("overwrite", banks, start=0.0)(context))[..., None]
        survive = {"all": 1.0, "none": 0.0}.get(self.survival)
        if self.survival == "learned":
            survive = self.param("survive", nn.initializers.constant(6.0), (banks,))
            survive = jax.nn.sigmoid(survive)[:, None]
        kept = jnp.where(episode[..., None, None], keep * survive, keep)
        return bounded_log(kept * (1 - overwrite * taken))


def bounded_log(keep):
    """Map what is kept, in [0, 1], to a log-decay in [`MIN_LOG_KEEP`, 0], smoothly."""
    least = math.exp(MIN_LOG_KEEP)
    return jnp.log(least + (1 - least) * keep)
