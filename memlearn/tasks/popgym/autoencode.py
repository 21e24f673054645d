"""Autoencode: watch all cards go by, then tell their suits from the last to the first.

Memory must hold the suits of a whole deck in their order, and be read in the reverse of it. Without
a memory chance is 1 / 4. POPGym (Morad et al., 2023).
"""

import jax.numpy as jnp
from gymnax.environments import spaces

from memlearn.tasks.popgym.cards import SUIT, CardGame, judge

PLAY, WATCH = 0, 1


class Autoencode(CardGame):
    """Tell the suits of all cards, those dealt last first.

    An observation is a pair of int32: `WATCH` or `PLAY`, and the suit of the card that is dealt.
    `PLAY` begins with the last card; after it the suit is 0 and means nothing. An action is a suit,
    int32, and worth nothing while watching.

    Args:
      decks: how many decks are to be remembered.
    """

    def __init__(self, decks: int):
        seen = spaces.Tuple((spaces.Discrete(2), spaces.Discrete(SUIT.values)))
        super().__init__(decks, SUIT.values, seen)
        self.last = self.cards - 1  # the step at which the last card is seen
        self.length = self.last + self.cards

    def observe(self, key, state, action, params):
        mode = jnp.where(state.time < self.last, WATCH, PLAY)
        suit = jnp.where(state.time <= self.last, SUIT.of(state.deck[state.time]), 0)
        return mode.astype(jnp.int32), suit

    def reward(self, state, action):
        """Return 1 / N for the right suit and as much less than 0 for another, float32."""
        told = state.time - self.last
        answer = judge(action == SUIT.of(state.deck[self.last - told]), self.cards)
        return jnp.where(told >= 0, answer, 0.0)
