"""Environments of others: their lifetimes, and what is won in them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from memlearn.checks import check
from memlearn.evaluation import episodes
from memlearn.tasks import libraries, play
from memlearn.tasks.adapters import Adapted, Foreign
from memlearn.types import EPISODE, LIFETIME, NONE, UserError
from tests.worlds import small_config

BATCH = 5


def guessing():
    """A number below 4, another one for each instance; an episode ends when it is told, or after 3
    steps. What is seen is how many steps are left."""

    def reset(key):
        return jnp.int32(3), (jnp.int32(3), jax.random.randint(key, (), 0, 4))

    def step(key, state, action):
        left, number = state[0] - 1, state[1]
        right = action == number
        return left, (left, number), 1.0 * right, right | (left == 0)

    return Foreign(reset, step, lambda left: {"vector": left[None] / 3.0}, actions=4, most=3)


class Mute:
    """What a policy is asked for where somebody else acts."""

    words = 4

    def initial_state(self, batch):
        return ()


def always(action):
    return lambda carry, steps: (carry, jnp.full(steps.question.shape[0], action))


def lived(env, act, length):
    keys = jax.random.split(jax.random.key(0), BATCH)
    states = play.reset(env, (), keys)
    after, _, record = play.play(env, (), states, act, (), length)
    return states, after, record


def test_episodes_of_a_lifetime_are_of_the_same_instance():
    env = Adapted(guessing(), episodes=2)
    assert (env.words, env.length, env.modalities) == (4, 6, ("vector", "action", "reward"))
    states, after, record = lived(env, always(1), 6)
    number = np.asarray(states.inner[1])
    assert len(set(number)) > 1, "instances differ"
    np.testing.assert_array_equal(after.inner[1], number)
    for lifetime, right in enumerate(number == 1):
        # Who is right at once plays six episodes in six steps; who is not, two of three.
        codes = [EPISODE] * 5 if right else [NONE, NONE, EPISODE, NONE, NONE]
        np.testing.assert_array_equal(record.steps.boundary[lifetime], [LIFETIME, *codes])
        np.testing.assert_array_equal(record.rewards[lifetime], [right] * 6)
        left = [3] * 6 if right else [3, 2, 1, 3, 2, 1]
        np.testing.assert_allclose(
            record.steps.observation["vector"][lifetime, :, 0], np.array(left) / 3
        )
    before = record.steps.present["action"]
    np.testing.assert_array_equal(before, np.tile(np.arange(6) > 0, (BATCH, 1)))
    np.testing.assert_array_equal(record.steps.observation["reward"][:, 1:], record.rewards[:, :-1])
    over = jax.vmap(env.is_truncated, in_axes=(0, None))(after, ())
    assert over.all() and not jax.vmap(env.is_truncated, in_axes=(0, None))(states, ()).any()


def test_an_instance_may_begin_elsewhere_in_every_episode():
    def begin(key, number):
        return (place := jax.random.uniform(key)), (place, number)

    def step(key, state, action):
        return state[0], state, action == state[1], True

    foreign = Foreign(
        reset=lambda key: begin(key, jax.random.randint(key, (), 0, 4)), step=step,
        perceive=lambda place: {"vector": place[None]}, actions=4, most=1,
        again=lambda key, state: begin(key, state[1]),
    )  # fmt: skip
    states, after, record = lived(Adapted(foreign, episodes=3), always(1), 3)
    np.testing.assert_array_equal(after.inner[1], states.inner[1])
    np.testing.assert_array_equal(after.start[0], states.start[0])
    places = record.steps.observation["vector"][..., 0]
    assert len(np.unique(places)) == BATCH * 3
    np.testing.assert_array_equal(places[:, 0], states.start[0])


def test_a_chain_of_gymnax_is_what_it_is():
    foreign = libraries.gymnax("MemoryChain-bsuite", memory_length=4, max_steps_in_episode=9)
    assert (foreign.actions, foreign.most) == (2, 9)
    states, _, record = lived(Adapted(foreign, episodes=3), always(1), 15)
    context = np.asarray(states.inner.context[:, 0])
    assert set(context) == {0, 1}
    # The answer is due at the fifth step of each episode, and wrong answers cost as much.
    expected = np.where(np.arange(15) % 5 == 4, np.where(context == 1, 1, -1)[:, None], 0)
    np.testing.assert_array_equal(record.rewards, expected)
    begun = np.asarray(record.steps.boundary) != NONE
    np.testing.assert_array_equal(begun, np.tile(np.arange(15) % 5 == 0, (BATCH, 1)))
    shown = np.where(begun, 2 * context[:, None] - 1, 0)
    np.testing.assert_array_equal(record.steps.observation["vector"][begun][:, 2], shown[begun])


def test_what_is_won_is_counted_by_episodes(monkeypatch):
    """Of who always says the same: all that is won until a lifetime's episodes are over."""
    monkeypatch.setattr(episodes, "student", lambda policy, params: always(1))
    policy = Mute()
    for env in (Adapted(guessing(), episodes=2), Adapted(guessing(), episodes=1)):
        keys = jax.random.split(jax.random.key(0), BATCH)
        right = np.asarray(play.reset(env, (), keys).inner[1]) == 1
        found = episodes.returns(env, policy, (), keys)
        np.testing.assert_array_equal(found, np.tile(right[:, None], env.episodes))
        table = episodes.scores(env, policy, (), keys)
        assert list(table) == (["all", "first", "last"] if env.episodes > 1 else ["all"])
        for score in table.values():
            assert score.score == score.empty == pytest.approx(right.mean())
            assert 0 <= score.chance <= 1


def test_images_that_cannot_be_read_are_one_line():
    foreign = guessing()._replace(
        perceive=lambda left: {"image": jnp.zeros((84, 96, 3), jnp.uint8)}
    )
    with pytest.raises(UserError, match=r"multiples of 32; these are \(84, 96, 3\)"):
        Adapted(foreign, episodes=1)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"task": "gymnax:Chess"}, "gymnax has no 'Chess'; it has: CartPole-v1, "),
        ({"task": "gymnax:Pendulum-v1"}, "Pendulum-v1 has continuous actions"),
        ({"task": "popgym:Chess"}, "popgym has no 'Chess'; it has: AutoencodeEasy, "),
        (
            {"task": "popgym:RepeatFirstEasy", "env_params": (("decks", 3),)},
            "no parameter is called 'decks'; there are: none",
        ),
        (
            {"task": "atari:Pong"},
            "no library is called 'atari'; there are: gymnax, popgym, xminigrid, arcade, craftax",
        ),
        ({"task": "popgym:CountRecallEasy"}, "has 27 actions; set --config.words to that"),
        ({"task": "popgym:RepeatFirstEasy", "learner": "imitation"}, "nobody teaches popgym:Re"),
        (
            {"task": "gymnax:Catch-bsuite", "env_params": (("rows", 3),)},
            "no parameter is called 'rows'; there are: max_steps_in_episode",
        ),
        (
            {"task": "gymnax:MemoryChain-bsuite", "env_params": (("memory_length", "x"),)},
            "memory_length cannot be 'x'; it is of type int",
        ),
        (
            {"task": "gymnax:MemoryChain-bsuite", "env_params": (("memory_length", 2.5),)},
            "memory_length cannot be 2.5; it is of type int",
        ),
        ({"episodes": 2}, "episodes and env_params are for environments of others"),
        ({"task": "gymnax:Catch-bsuite", "env_params": ("rows",)}, "env_params must be pairs"),
        ({"task": "gymnax:Catch-bsuite", "episodes": 0}, "episodes must be at least 1; got 0"),
    ],
)
def test_what_there_is_not_is_one_line(fields, complaint):
    config = small_config()
    config.learner = "ppo"
    config.update_from_flattened_dict(fields)
    with pytest.raises(UserError) as error:
        check(config)
    assert complaint in str(error.value) and "\n" not in str(error.value)
