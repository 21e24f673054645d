"""HigherLower: bet whether the next card will be of a higher or of a lower rank than this one.

It can be played without a memory, by the present rank; whoever counts what was dealt of each rank
knows what is left, and plays better. POPGym (Morad et al., 2023).
"""

import jax.numpy as jnp
from gymnax.environments import spaces

from memlearn.tasks.popgym.cards import RANK, CardGame, judge

HIGHER, LOWER = 0, 1


class HigherLower(CardGame):
    """Tell whether the card to be dealt next is higher or lower than the present one.

    An observation is the rank of the card that is dealt, int32; an action is `HIGHER` or `LOWER`,
    int32. A next card of the same rank is worth nothing, and an episode (N - 1) / N at most.

    Args:
      decks: how many decks go by.
    """

    def __init__(self, decks: int):
        super().__init__(decks, 2, spaces.Discrete(RANK.values))

    def observe(self, key, state, action, params):
        return RANK.of(state.deck[state.time])

    def reward(self, state, action):
        """Return 1 / N for a right bet, as much less than 0 for a wrong one, or 0, float32."""
        present, coming = RANK.of(state.deck[state.time + jnp.arange(2)])
        bet = judge((action == HIGHER) == (coming > present), self.cards)
        return jnp.where(coming == present, 0.0, bet)
