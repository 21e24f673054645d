"""POPGym's card games: that ours are the same, and that memory pays in them."""

import functools
from typing import Any, NamedTuple

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from memlearn.tasks.popgym import TASKS
from memlearn.tasks.popgym.autoencode import PLAY, WATCH
from memlearn.tasks.popgym.concentration import Concentration
from memlearn.tasks.popgym.count_recall import CountRecall
from memlearn.tasks.popgym.higher_lower import HIGHER, LOWER

STEPS = {
    "Autoencode": (103, 207, 311),
    "Concentration": (104, 208, 104),
    "CountRecall": (51, 103, 207),
    "HigherLower": (51, 103, 155),
    "RepeatFirst": (51, 415, 831),
    "RepeatPrevious": (51, 103, 155),
}
LEVELS = ("Easy", "Medium", "Hard")
LENGTHS = {game + level: n for game, row in STEPS.items() for level, n in zip(LEVELS, row)}
every_game = pytest.mark.parametrize("name", TASKS)
each_easy_game = pytest.mark.parametrize("name", [game + "Easy" for game in STEPS])


class Episode(NamedTuple):
    """What happened in T steps: observations and their vectors `[T + 1, ...]`, all else `[T]`."""

    observations: Any
    vectors: Any
    rewards: Any
    terminated: Any
    truncated: Any


@functools.cache
def compiled(name):
    """Return the function of a deck and actions `[T]` that plays all of them."""
    env, params = TASKS[name], TASKS[name].default_params

    def run(deck, actions):
        state = env.start(jax.random.key(0))._replace(deck=deck)
        start = env.observe(None, state, None, params)

        def step(state, action):
            seen, state, reward, terminated, _ = env.step_env(None, state, action, params)
            return state, (seen, reward, terminated, env.is_truncated(state, params))

        _, (seen, *rest) = lax.scan(step, state, actions)
        seen = jax.tree.map(lambda x, xs: jnp.concatenate([x[None], xs]), start, seen)
        return Episode(seen, jax.vmap(env.vector)(seen), *rest)

    return jax.jit(run)


def play(name, deck, actions):
    """Play a deck with these actions, and with 0 after them, until it is over."""
    padded = np.zeros(LENGTHS[name], np.int32)
    padded[: len(actions)] = actions
    episode = jax.device_get(compiled(name)(jnp.asarray(deck), padded))
    steps = 1 + np.flatnonzero(episode.terminated | episode.truncated)[0]
    seen = jax.tree.map(lambda x: x[: steps + 1], episode[:2])
    return Episode(*seen, *(x[:steps] for x in episode[2:]))


def shuffled(name):
    return jax.device_get(TASKS[name].start(jax.random.key(0)).deck)


def best(name, deck):
    """What is done by whoever remembers all that was seen or, where there is luck, is lucky."""
    env = TASKS[name]
    if isinstance(env, Concentration):
        return np.argsort(env.trait.of(deck))  # those alike follow one another
    seen = play(name, deck, []).observations
    if name.startswith("Autoencode"):
        return np.append(np.zeros(env.last), seen[1][env.last :: -1])
    if name.startswith("CountRecall"):
        return np.array([np.sum(seen[: t + 1, 0] == seen[t, 1]) for t in range(env.length)])
    if name.startswith("HigherLower"):
        return np.where(seen[1:] > seen[:-1], HIGHER, LOWER)
    if name.startswith("RepeatFirst"):
        return np.repeat(seen[0], env.length)
    return np.append(np.zeros(env.k - 1), seen[: env.cards - env.k])


def first(*cards):
    """A deck that begins with these cards; the others follow in order."""
    return np.array([*cards, *(card for card in range(52) if card not in cards)])


class Original:
    """A game of the package in NumPy.

    Attributes:
      env: the game.
      start: its first observation.
      deck: its cards as ours has them; it deals from the end.
    """

    def __init__(self, name, seed):
        popgym = pytest.importorskip("popgym.envs", reason="popgym is not installed")
        self.env = getattr(popgym, name)()
        self.start, _ = self.env.reset(seed=seed)
        if isinstance(TASKS[name], CountRecall):
            self.deck = np.stack([self.env.value_deck.idx, self.env.query_deck.idx])[:, ::-1]
        elif isinstance(TASKS[name], Concentration):
            self.deck = self.env.deck.idx.copy()
        else:
            self.deck = self.env.deck.idx[::-1]

    def play(self, actions):
        """Take these actions, and after them 0, until the episode is over."""
        seen, rest, space = [self.start], [], self.env.observation_space
        while not rest or not (rest[-1][1] or rest[-1][2]):
            action = int(actions[len(rest)]) if len(rest) < len(actions) else 0
            observation, *after, _ = self.env.step(action)
            seen.append(observation)
            rest.append(after)
        vectors = np.stack([gymnasium.spaces.flatten(space, x) for x in seen])
        seen = jax.tree.map(lambda *xs: np.stack(xs), *seen)
        return Episode(seen, vectors, *map(np.array, zip(*rest)))


@every_game
@pytest.mark.parametrize("who", ["best", "random", "forgetful"])
def test_every_step_is_as_in_the_original(name, who):
    original, env = Original(name, seed=3), TASKS[name]
    assert original.env.action_space.n == env.num_actions
    actions = np.random.default_rng(5).integers(env.num_actions, size=env.length)
    if who != "random":
        right = best(name, original.deck)
        known = len(right) if who == "best" else len(right) // 2
        actions[:known] = right[:known]
    ours, theirs = play(name, original.deck, actions), original.play(actions)
    jax.tree.map(np.testing.assert_array_equal, ours.observations, theirs.observations)
    np.testing.assert_array_equal(ours.vectors, theirs.vectors)
    np.testing.assert_allclose(ours.rewards, theirs.rewards, rtol=1e-6)
    np.testing.assert_array_equal(ours.terminated, theirs.terminated)
    np.testing.assert_array_equal(ours.truncated, theirs.truncated)


@every_game
def test_whoever_remembers_everything_gets_all_there_is(name):
    deck = shuffled(name)
    ranks = deck % 52 // 4
    bets = np.mean(ranks[1:] != ranks[:-1]) * (ranks.size - 1) / ranks.size
    total = play(name, deck, best(name, deck)).rewards.sum(dtype=float)
    assert total == pytest.approx(bets if name.startswith("HigherLower") else 1.0, abs=1e-5)


@every_game
def test_whoever_is_always_wrong_loses_as_much(name):
    deck, env = shuffled(name), TASKS[name]
    right = best(name, deck)
    # To turn the same card again and again finds nothing.
    table = isinstance(env, Concentration)
    wrong = np.zeros(env.length) if table else (right + 1) % env.num_actions
    episode, most = play(name, deck, wrong), play(name, deck, right).rewards.sum(dtype=float)
    assert episode.rewards.sum(dtype=float) == pytest.approx(-most, abs=1e-5)
    assert len(episode.rewards) == LENGTHS[name] == env.default_params.max_steps_in_episode
    assert episode.truncated[-1] == table and episode.terminated[-1] != table


@each_easy_game
def test_a_batch_of_games_is_shuffled_apart_and_begins_again(name):
    env = TASKS[name]

    @jax.jit
    @jax.vmap
    def live(key):
        def step(state, key):
            action = env.action_space(None).sample(key)
            _, after, reward, terminated, truncated, _ = env.step(key, state, action)
            return after, (state, reward, terminated | truncated)

        key_reset, key_steps = jax.random.split(key)
        keys = jax.random.split(key_steps, LENGTHS[name])
        return lax.scan(step, env.reset(key_reset)[1], keys)

    after, (states, rewards, over) = jax.device_get(live(jax.random.split(jax.random.key(0), 4)))
    assert np.all(over == (np.arange(LENGTHS[name]) == LENGTHS[name] - 1))
    assert np.all(np.abs(rewards.sum(1)) <= 1) and rewards.std(1).min() > 0
    assert np.all(states.time == np.arange(LENGTHS[name])) and np.all(after.time == 0)
    decks = np.concatenate([states.deck[:, 0], after.deck]).reshape(-1, 52)
    assert np.all(np.sort(decks) == np.arange(52))
    assert len(np.unique(decks, axis=0)) == len(decks), "no deck is met twice"


def test_repeat_previous_asks_for_the_fourth_from_the_end():
    game = play("RepeatPreviousEasy", first(3, 1, 2, 0, 7), [3, 3, 3, 3, 1, 0])
    assert list(game.observations[:5]) == [3, 1, 2, 0, 3]
    assert list(game.vectors[0]) == [0, 0, 0, 1]
    assert list(48 * game.rewards[:6]) == [0, 0, 0, 1, 1, -1]


def test_repeat_first_asks_for_the_first():
    game = play("RepeatFirstEasy", first(6, 1), [2, 2, 1])
    assert list(game.observations[:3]) == [2, 1, 0]
    assert list(51 * game.rewards[:3]) == pytest.approx([1, 1, -1])


def test_autoencode_shows_all_cards_and_asks_for_the_last_first():
    game = play("AutoencodeEasy", np.arange(52), [*[0] * 51, 3, 2, 0])
    seen = list(zip(*game.observations))
    assert seen[:3] == [(WATCH, 0), (WATCH, 1), (WATCH, 2)]
    assert seen[50:54] == [(WATCH, 2), (PLAY, 3), (PLAY, 0), (PLAY, 0)]
    assert list(game.vectors[50]) == [0, 1, 0, 0, 1, 0]
    assert not np.any(game.rewards[:51])
    assert list(52 * game.rewards[51:54]) == [1, 1, -1]


def test_concentration_hides_what_was_not_found():
    game = play("ConcentrationEasy", np.arange(52), [0, 2, 1, 4, 0, 3, 2, 5, 5])
    up = [set(np.flatnonzero(table != 2)) for table in game.observations[:10]]
    assert up[:5] == [set(), {0}, {0, 2}, {0, 1, 2}, {0, 1, 2, 4}]
    assert up[5:] == [{0, 2}, {0, 2, 3}, {0, 2, 3}, {0, 2, 5}, {0, 2, 5}]
    assert list(game.observations[4, :6]) == [0, 1, 0, 2, 0, 2]
    assert list(104 * game.rewards[:9]) == [0, 4, 0, -2, -1, 0, -2, 0, -2]


def test_count_recall_counts_the_present_card():
    decks = np.stack([first(0, 2, 1), first(1, 0, 2)])
    game = play("CountRecallEasy", decks, [0, 2, 1])
    assert game.observations[:3].tolist() == [[0, 1], [0, 0], [1, 0]]
    assert game.vectors[0].tolist() == [1, 0, 0, 1]
    assert list(51 * game.rewards[:3]) == pytest.approx([1, 1, -1])


def test_higher_lower_pays_nothing_for_the_same_rank():
    game = play("HigherLowerEasy", first(20, 21, 30, 4, 50), [HIGHER, HIGHER, HIGHER, LOWER])
    assert list(game.observations[:5]) == [5, 5, 7, 1, 12]
    assert list(52 * game.rewards[:4]) == [0, 1, -1, -1]


def test_counting_cards_pays_in_higher_lower():
    gains = []
    for seed in range(200):
        deck = np.random.default_rng(seed).permutation(52)
        ranks = deck // 4
        left = 4 - np.cumsum(np.eye(13)[ranks], axis=0)
        higher = [np.sum(n[rank + 1 :]) > np.sum(n[:rank]) for n, rank in zip(left, ranks)]
        bets = np.where(higher, HIGHER, LOWER), np.where(ranks < 6, HIGHER, LOWER)
        counts, looks = (play("HigherLowerEasy", deck, x[:-1]).rewards.sum() for x in bets)
        gains.append(counts - looks)
    assert np.mean(gains) > 3 * np.std(gains) / np.sqrt(len(gains))


@pytest.mark.parametrize("name", ["ConcentrationEasy", "ConcentrationHard"])
def test_concentration_is_won_by_remembering_what_lies_where(name):
    env, step = TASKS[name], jax.jit(TASKS[name].step_env)
    key, params = jax.random.key(1), env.default_params
    (table, state), lies, found, total, over = env.reset(key), {}, set(), 0.0, False

    def turn(place):
        nonlocal table, state, total, over
        table, state, reward, over, _ = step(key, state, place, params)
        lies[place], total = int(table[place]), total + float(reward)
        return reward > 0

    def like(place):
        known = (x for x in lies if x != place and x not in found and lies[x] == lies[place])
        return next(known, None)

    while not over:
        hidden = [place for place in range(52) if place not in lies]
        pairs = [place for place in lies if place not in found and like(place) is not None]
        one = pairs[0] if pairs else hidden.pop(0)
        turn(one)
        other = like(one)
        other = hidden[0] if other is None else other
        if turn(other):
            found |= {one, other}
    assert len(found) == 52 and int(state.time) < LENGTHS[name]
    assert total > 0.5, "at random it is less than 0"
