"""Concentration: turn up two cards at a time, and find those that are alike.

Memory must keep what was seen under which card, for as long as it takes to meet its like: cards
that are not alike are hidden again. What was turned is not told, so that the action before has to
be perceived too. POPGym (Morad et al., 2023).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from memlearn.tasks.popgym.cards import CARDS, CardGame, Trait, numbers

NONE = -1


class TableState(NamedTuple):
    """Where a game stands.

    Attributes:
      time: int32, how many steps were taken.
      deck: int32 `[N]`, which card lies in which place.
      found: bool `[N]`, which places have been matched, and stay face up.
      seen: bool `[N]`, which are face up now.
      first: int32, the place that was turned first in this turn, or `NONE`.
    """

    time: jax.Array
    deck: jax.Array
    found: jax.Array
    seen: jax.Array
    first: jax.Array


class Concentration(CardGame):
    """Find pairs of cards that are alike, two steps a turn, until all are found or time is up.

    An observation is int32 `[N]`: what lies face up in each place, or V where nothing does. An
    action is a place, int32. A pair is seen when its second card is turned, and hidden after that,
    unless it was found. To turn what was found before ends a turn.

    Args:
      decks: how many decks lie on the table.
      trait: the `Trait` of V values in which cards of a pair are alike.
    """

    def __init__(self, decks: int, trait: Trait):
        super().__init__(decks, decks * CARDS, numbers(decks * CARDS, trait.values + 1))
        self.trait = trait
        # As many as POPGym allows: 2 N - N / (2 N - 1), rounded up.
        self.length = 2 * self.cards

    def start(self, key):
        deck, nothing = super().start(key).deck, jnp.zeros(self.cards, bool)
        return TableState(jnp.int32(0), deck, nothing, nothing, jnp.int32(NONE))

    def observe(self, key, state, action, params):
        return jnp.where(state.seen, self.trait.of(state.deck), self.trait.values)

    def step_env(self, key, state, action, params):
        places, lies = jnp.arange(self.cards), self.trait.of(state.deck)
        turned = (places == action) | (places == state.first)
        second, wasted = state.first != NONE, state.found[action]
        alike = (lies[action] == lies[state.first]) & (action != state.first)
        pair, over = second & ~wasted & alike, second | wasted
        # All pairs found at the first try make 1; nothing but failures until time is up, -1.
        failure = jnp.where(over, -1.0 - second, 0.0) / self.length
        reward = jnp.where(pair, 2 / self.cards, failure).astype(jnp.float32)
        state = TableState(
            time=state.time + 1,
            deck=state.deck,
            found=state.found | (turned & pair),
            seen=state.found | turned,
            first=jnp.where(over, NONE, action),
        )
        observation = self.observe(key, state, action, params)
        return observation, state, reward, jnp.all(state.found), {}

    def is_truncated(self, state, params):
        return state.time >= params.max_steps_in_episode
