"""Cards, and what all games with a shuffled deck have in common.

In most of them a card is dealt at every step, and whatever happens follows from the deck and from
how many steps were taken: a game says what is observed then, and what an action is worth. The
rules are those of POPGym (Morad et al., 2023).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from gymnax.environments import spaces
from gymnax.environments.environment import Environment, EnvParams

CARDS = 52  # cards of a deck; four of a rank follow one another, one of each suit


class Trait(NamedTuple):
    """What is looked at of a card.

    Attributes:
      values: V, how many there are.
      of: function of cards int32 `[...]` that returns the value of each, int32 `[...]` below V.
    """

    values: int
    of: Callable[[jax.Array], jax.Array]


COLOR = Trait(2, lambda cards: cards % 2)
SUIT = Trait(4, lambda cards: cards % 4)
RANK = Trait(13, lambda cards: cards % CARDS // 4)


class GameState(NamedTuple):
    """Where a game stands.

    Attributes:
      time: int32, how many steps were taken.
      deck: int32 `[N]`, the cards in the order in which they are dealt.
    """

    time: jax.Array
    deck: jax.Array


class CardGame(Environment):
    """A game with the cards of some decks, shuffled together; a subclass has its rules.

    Args:
      decks: how many there are.
      actions: how many there are.
      observations: the space of observations.

    Attributes:
      cards: N, of all decks.
      length: how many steps an episode has at most; N - 1, since the first card is dealt before
        them, unless a subclass says otherwise.
    """

    def __init__(self, decks: int, actions: int, observations: spaces.Space):
        self.cards = CARDS * decks
        self.length = self.cards - 1
        self._actions, self._observations = actions, observations

    def reward(self, state, action):
        """Return what it is worth, float32, to take an action, int32, in a `GameState`."""
        raise NotImplementedError

    def start(self, key):
        """Return the state in which a game begins, its cards shuffled with a random key."""
        return GameState(jnp.int32(0), jax.random.permutation(key, self.cards))

    def vector(self, observation):
        """Return an observation as a vector, float32 `[P]`: each of its numbers one-hot."""
        return _one_hot(observation, self._observations)

    def reset_env(self, key, params):
        state = self.start(key)
        return self.observe(key, state, None, params), state

    def step_env(self, key, state, action, params):
        reward = self.reward(state, action)
        state = state._replace(time=state.time + 1)
        over = state.time >= params.max_steps_in_episode
        return self.observe(key, state, action, params), state, reward, over, {}

    def is_truncated(self, state, params):
        return jnp.bool_(False)  # a game is over when its cards are

    @property
    def default_params(self):
        return EnvParams(max_steps_in_episode=self.length)

    @property
    def num_actions(self):
        return self._actions

    def action_space(self, params):
        return spaces.Discrete(self._actions)

    def observation_space(self, params):
        return self._observations


def numbers(count, values):
    """Return the space of int32 `[count]` below `values`; Gymnasium calls it MultiDiscrete."""
    return spaces.Box(0, values - 1, (count,), jnp.int32)


def judge(right, answers):
    """Return the reward, float32, of one of so many answers: all right make 1, all wrong -1."""
    return jnp.where(right, 1.0, -1.0).astype(jnp.float32) / answers


def _one_hot(observation, space):
    if isinstance(space, spaces.Tuple):
        return jnp.concatenate([_one_hot(x, part) for x, part in zip(observation, space.spaces)])
    values = space.n if isinstance(space, spaces.Discrete) else space.high + 1
    return jax.nn.one_hot(observation, values).ravel()
