"""RepeatPrevious: tell the suit of a card that went by shortly before, at every step.

Memory must hold the last k suits in their order, always, and let go of those before them. Without
a memory chance is 1 / 4. POPGym (Morad et al., 2023).
"""

import jax.numpy as jnp
from gymnax.environments import spaces

from memlearn.tasks.popgym.cards import SUIT, CardGame, judge


class RepeatPrevious(CardGame):
    """Tell the suit of the k-th card from the end of those dealt, of which the present is the last.

    An observation is the suit of the card that is dealt, int32, and so is an action. The first
    k - 1 actions are worth nothing.

    Args:
      decks: how many decks go by.
      k: for which card it is asked; 1 is the present one.
    """

    def __init__(self, decks: int, k: int):
        super().__init__(decks, SUIT.values, spaces.Discrete(SUIT.values))
        self.k = k

    def observe(self, key, state, action, params):
        return SUIT.of(state.deck[state.time])

    def reward(self, state, action):
        """Return 1 / (N - k) for the right suit and as much less than 0 for another, float32."""
        asked = state.time - (self.k - 1)
        answer = judge(action == SUIT.of(state.deck[asked]), self.cards - self.k)
        return jnp.where(asked >= 0, answer, 0.0)
