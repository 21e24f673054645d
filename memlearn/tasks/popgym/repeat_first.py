"""RepeatFirst: tell the suit of the first card, at every step.

Memory must keep one suit for the whole episode and not confuse it with those that follow, which
look the same: only its place tells it. Without a memory chance is 1 / 4. POPGym (Morad et al.,
2023).
"""

from gymnax.environments import spaces

from memlearn.tasks.popgym.cards import SUIT, CardGame, judge


class RepeatFirst(CardGame):
    """Tell the suit of the card that was dealt first.

    An observation is the suit of the card that is dealt, int32, and so is an action.

    Args:
      decks: how many decks go by.
    """

    def __init__(self, decks: int):
        super().__init__(decks, SUIT.values, spaces.Discrete(SUIT.values))

    def observe(self, key, state, action, params):
        return SUIT.of(state.deck[state.time])

    def reward(self, state, action):
        """Return 1 / (N - 1) for the right suit and as much less than 0 for another, float32."""
        return judge(action == SUIT.of(state.deck[0]), self.length)
