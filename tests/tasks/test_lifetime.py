"""The environment: gymnax conventions, images, presence and reward."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from memlearn.tasks import crossmodal, play
from memlearn.tasks.binding import binding
from memlearn.tasks.level import Level
from memlearn.tasks.lifetime import Lifetime, LifetimeParams, Sense
from memlearn.tasks.order import order
from memlearn.types import EPISODE, LIFETIME, TimeStep

CLASSES, FACES = 40, 4
LEVEL = Level(
    classes=3, delay=2, words=8, mentions=5, counted=2, showings=3, kinds=2, trials=2
)  # fmt: skip


@pytest.fixture(scope="module")
def env():
    return Lifetime((functools.partial(binding, level=LEVEL),), words=8)


@pytest.fixture(scope="module")
def params():
    """Images that say which class (red) and which face (green) they are."""
    images = np.zeros((CLASSES, FACES, 32, 32, 3), np.uint8)
    images[..., 0] = np.arange(CLASSES)[:, None, None, None]
    images[..., 1] = np.arange(FACES)[:, None, None]
    there = np.ones((CLASSES, FACES), bool)
    there[::2, 1] = False  # half of the classes have no image in this face
    study, ask = there & [True, True, False, False], there & [False, True, True, True]
    seen = Sense(jnp.asarray(images), jnp.asarray(study), jnp.asarray(ask))
    return LifetimeParams({"image": seen}, jnp.ones(1))


@pytest.fixture(scope="module")
def record(env, params):
    states = play.reset(env, params, jax.random.split(jax.random.key(0), 64))
    teacher = play.teacher(trial_rate=0.5)
    carry = play.new_teacher(jax.random.key(1), 64, env.words)
    return jax.device_get(play.play(env, params, states, teacher, carry, env.length)[2])


def test_each_item_is_a_class_of_its_own_that_comes_back(record):
    classes = record.steps.observation["image"][:, :, 0, 0, 0]
    for row in classes:
        named, passed, asked = row[:3], row[3:5], row[5:]
        assert len({*named, *passed}) == 5
        assert set(asked) == set(named)


def test_it_comes_back_in_another_face(record):
    images = record.steps.observation["image"][:, :, 0, 0]
    for row in images:
        studied = {image[0]: image[1] for image in row[:3]}
        assert set(studied.values()) <= {0, 1}
        for image in row[5:]:
            assert image[1] in {1, 2, 3} and image[1] != studied[image[0]]
    shown = set(map(tuple, images[..., :2].reshape(-1, 2)))
    assert (1, 1) in shown and not any((image, 1) in shown for image in range(0, CLASSES, 2))


def test_reward_is_for_right_answers_and_is_perceived_in_the_next_step(record):
    steps = record.steps
    right = (record.actions == steps.oracle) & steps.question
    np.testing.assert_array_equal(record.rewards, right)
    assert 0.3 < right[steps.question].mean() < 0.8  # half of the answers are tries
    assert record.actions.max() == 7 and np.all(steps.choices[steps.question] == 8)
    for name, told in (("action", record.actions), ("reward", record.rewards)):
        present = steps.present[name]
        np.testing.assert_array_equal(present[:, 1:], steps.question[:, :-1])
        assert not present[:, 0].any()
        perceived = steps.observation[name][:, 1:][present[:, 1:]]
        np.testing.assert_array_equal(perceived, told[:, :-1][present[:, 1:]])


def test_text_is_absent_where_nothing_is_said(record):
    text = record.steps.observation["text"]
    np.testing.assert_array_equal(record.steps.present["text"], text[..., 0] != 0)
    assert not record.steps.present["text"][:, 3:5].any()


def test_it_is_a_gymnax_environment(env, params):
    observation, state = env.reset(jax.random.key(0), params)
    assert observation["image"].shape == (32, 32, 3) and observation["image"].dtype == jnp.uint8
    assert env.action_space(params).n == env.num_actions == 8
    for time in range(env.length):
        answer = state.script.answer[state.time]
        result = env.step(jax.random.key(time), state, answer, params)
        observation, state, reward, terminated, truncated, _ = result
        assert set(observation) == {"image", "text", "vector", "action", "reward", "present"}
        assert reward == float(time >= env.last_episode)
        assert not terminated and truncated == (time == env.length - 1)
    assert state.time == 0, "a new lifetime has begun"


def test_a_thing_is_met_by_the_senses_that_the_task_says(params):
    """A name comes back as it was; an image in another face, and only where it is seen."""
    names = np.stack(np.broadcast_arrays(np.arange(CLASSES)[:, None], np.arange(3)), axis=-1)
    faces = jnp.ones((CLASSES, 3), bool)
    params = params.replace(
        senses={**params.senses, "name": Sense(jnp.asarray(names), faces, faces, same=True)}
    )
    task = functools.partial(crossmodal.TASKS["image_name"], level=LEVEL)
    env = Lifetime((task,), words=8)
    states = play.reset(env, params, jax.random.split(jax.random.key(0), 16))
    steps = jax.vmap(env.timestep, in_axes=(0, None))
    for time in range(env.length):
        step = steps(states._replace(time=jnp.full(16, time)), params)
        assert (
            np.all(step.present["image"] == (time < env.last_episode))
            and step.present["name"].all()
        )
        met = step.observation
        np.testing.assert_array_equal(met["name"][:, 0], met["image"][:, 0, 0, 0])
        first = met["name"][:, 0] == states.classes[:, 0]
        np.testing.assert_array_equal(met["name"][first, 1], states.faces["name"][first, 0])


def test_lifetimes_differ_by_key_and_repeat_with_it(env, params):
    keys = jax.random.split(jax.random.key(0), 2)
    one, other = play.reset(env, params, keys), play.reset(env, params, keys)
    np.testing.assert_array_equal(one.classes, other.classes)
    assert not np.array_equal(one.classes[0], one.classes[1])


def test_lifetimes_of_several_tasks_are_aligned(params):
    tasks = functools.partial(binding, level=LEVEL), functools.partial(order, level=LEVEL)
    env = Lifetime(tasks, words=8)
    assert (env.length, env.last_episode) == (8, 5)
    keys = jax.random.split(jax.random.key(0), 100)
    params = params.replace(tasks=jnp.array([1.0, 3.0]))
    scripts = jax.device_get(play.reset(env, params, keys).script)
    asked = scripts.question.sum(1)  # binding asks three questions, order two
    assert set(asked) == {2, 3} and 10 < np.sum(asked == 3) < 40
    np.testing.assert_array_equal(scripts.boundary[:, [0, 5]], [[LIFETIME, EPISODE]] * 100)
    assert np.all(scripts.question[:, 5:7]) and not np.any(scripts.question[:, :5])
    assert scripts.item.max() < env.length
    for task, questions in enumerate((3, 2)):
        only = params.replace(tasks=jnp.zeros(2).at[task].set(1))
        assert np.all(play.reset(env, only, keys).script.question.sum(1) == questions)


def test_a_teacher_makes_no_error_twice():
    def step(oracle, question=True):
        oracle = jnp.full((16, 1), oracle)
        question, choices = jnp.full((16, 1), question), jnp.full((16, 1), 4)
        return TimeStep({}, {}, jnp.zeros((16, 1)), question, oracle, choices)

    act = jax.jit(play.teacher(trial_rate=1.0))
    carry, _ = act(play.new_teacher(jax.random.key(0), batch=16, words=6), step(1, question=False))
    assert not carry.tried.any(), "nothing was answered"
    answers = {1: [], 2: []}
    for _ in range(6):
        for oracle in answers:
            carry, answer = act(carry, step(oracle))
            answers[oracle].append(answer)
    for oracle, given in answers.items():
        given = np.stack(given, axis=1)
        np.testing.assert_array_equal(np.sort(given[:, :4]), [[0, 1, 2, 3]] * 16)
        np.testing.assert_array_equal(given[:, 4:], oracle)
        assert len(set(given[:, 0])) > 1, "tried in any order"
