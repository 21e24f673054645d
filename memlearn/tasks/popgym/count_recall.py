"""CountRecall: tell how many cards of a kind were dealt so far, whichever kind is asked for.

Memory must keep as many counts as there are kinds, and the order of cards is of no use to it. Which
kind is asked for is seen; without a memory nothing tells its count but the time that has passed.
POPGym (Morad et al., 2023).
"""

import jax
import jax.numpy as jnp

from memlearn.tasks.popgym.cards import CARDS, CardGame, GameState, Trait, judge, numbers


class CountRecall(CardGame):
    """Tell how often the kind that is asked for was dealt, the present card included.

    An observation is int32 `[2]`: the kind of the card that is dealt, and the kind that is asked
    for. The latter is drawn from a deck of its own: `GameState.deck` is `[2, N]`. An action is a
    count, int32.

    Args:
      decks: how many decks go by.
      trait: the `Trait` by which cards are of one kind.
    """

    def __init__(self, decks: int, trait: Trait):
        most = decks * CARDS // trait.values
        super().__init__(decks, most + 1, numbers(2, trait.values))
        self.trait = trait

    def start(self, key):
        shuffled = jax.vmap(jax.random.permutation, (0, None))(jax.random.split(key), self.cards)
        return GameState(jnp.int32(0), shuffled)

    def observe(self, key, state, action, params):
        return self.trait.of(state.deck[:, state.time])

    def reward(self, state, action):
        """Return 1 / (N - 1) for the right count and as much less than 0 for another, float32."""
        dealt, asked = self.trait.of(state.deck)
        counted = (dealt == asked[state.time]) & (jnp.arange(self.cards) <= state.time)
        return judge(action == jnp.sum(counted), self.length)
