"""Update, then retrieve: the split changes nothing, and the controls control."""

import copy

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from memlearn.evaluation import report, retrieval
from memlearn.policy import Output
from memlearn.tasks import language, play
from memlearn.types import LIFETIME
from tests.worlds import small_run

KEYS = jax.random.split(jax.random.key(5), 12)


class Notebook:
    """A policy with a perfect memory: it notes each mark with its word, and looks marks up.

    The mark of a step is its `vector`, which `marked_env` makes the class that is shown.
    """

    def __init__(self, words):
        self.words = words

    def initial_state(self, batch, share=1.0):
        return {
            "marks": jnp.full((batch, 64), -1.0),
            "words": jnp.zeros((batch, 64), jnp.int32),
            "used": jnp.zeros(batch, jnp.int32),
        }

    def apply(self, params, state, steps):
        now = jax.tree.map(lambda x: x[:, 0], steps)
        mark, text = now.observation["vector"][:, 0], now.observation["text"]
        fresh, told = now.boundary == LIFETIME, text[:, 0] == language.THIS_IS
        marks = jnp.where(fresh[:, None], -1.0, state["marks"])
        used = jnp.where(fresh, 0, state["used"])
        here = told[:, None] & (jnp.arange(64) == used[:, None])
        marks = jnp.where(here, mark[:, None], marks)
        words = jnp.where(here, text[:, 1:] - language.FIRST_WORD, state["words"])
        match = marks == mark[:, None]
        answer = jnp.max(jnp.where(match, words, 0), axis=1)
        logits = jax.nn.one_hot(answer, self.words)[:, None]
        state = {"marks": marks, "words": words, "used": used + told}
        return state, Output(logits, logits[..., 0]), ()


class Parrot:
    """A policy that says 1, until it perceives that it said something else, which it repeats."""

    def __init__(self, words):
        self.words = words

    def initial_state(self, batch, share=1.0):
        return jnp.ones(batch, jnp.int32)

    def apply(self, params, said, steps):
        perceived = steps.observation["action"][:, 0]
        said = jnp.where(steps.present["action"][:, 0], perceived, said)
        logits = jax.nn.one_hot(said, self.words)[:, None]
        return said, Output(logits, logits[..., 0]), ()


@pytest.fixture(scope="module")
def run():
    return small_run()


@pytest.fixture(scope="module")
def marked_env(run):
    """The environment, with the class itself as the vector."""
    env = copy.copy(run.env)
    timestep = type(env).timestep

    def marked(state, params):
        step = timestep(env, state, params)
        mark = state.classes[state.time].astype(float)[None]
        return step._replace(observation={**step.observation, "vector": mark})

    env.timestep = marked
    return env


def test_a_perfect_memory_scores_one_and_its_controls_do_not(run, marked_env):
    policy = Notebook(run.config.words)
    lived = retrieval.experience(marked_env, policy, {}, run.world, KEYS)
    score = retrieval.score(marked_env, policy, {}, run.world, KEYS, lived)
    assert (score.score, score.low, score.high) == (1.0, 1.0, 1.0)
    assert score.empty < 0.5 and score.other < 0.5
    np.testing.assert_allclose(score.chance, 1 / run.config.words)


def test_the_split_changes_nothing(run):
    """Experience and answers in two calls equal one uninterrupted lifetime."""
    split, whole = split_and_whole(run, run.policy)
    np.testing.assert_array_equal(split, whole)


def test_the_split_keeps_what_was_answered_just_before_it():
    """Of `rule` without a delay, the last step before the questions was answered itself."""
    run = small_run(task="rule", delay=0, kinds=3)
    split, whole = split_and_whole(run, Parrot(run.config.words))
    np.testing.assert_array_equal(split, whole)
    assert whole.any()


def split_and_whole(run, policy):
    """What lifetimes score in two calls, and in one."""
    arguments = run.env, policy, run.state.params, run.world, KEYS
    split = retrieval.answers(*arguments, retrieval.experience(*arguments), forget=False)[0]
    states, act = play.reset(run.env, run.world, KEYS), play.student(policy, run.state.params)
    memory, length = policy.initial_state(len(KEYS)), run.env.length
    record = play.play(run.env, run.world, states, act, memory, length)[2]
    last = slice(run.env.last_episode, None)
    return split, record.rewards[:, last].sum(1) / record.steps.question[:, last].sum(1)


def test_an_empty_memory_knows_nothing_of_the_experience(run):
    params, env, policy = run.state.params, run.env, run.policy
    lived = retrieval.experience(env, policy, params, run.world, KEYS)
    forget = retrieval.answers(env, policy, params, run.world, KEYS, lived, forget=True)[0]
    blank = retrieval.nothing(policy, len(KEYS))
    never = retrieval.answers(env, policy, params, run.world, KEYS, blank, forget=True)[0]
    np.testing.assert_array_equal(forget, never)


def test_the_first_episode_that_asks_is_told_of_rule_alone():
    run = small_run(task="rule")
    parrot, world = Parrot(run.env.words), run.world
    lived = retrieval.experience(run.env, parrot, {}, world, KEYS)
    score = retrieval.score(run.env, parrot, {}, world, KEYS, lived)
    states = play.reset(run.env, world, KEYS)
    script = states.script
    for life, first in enumerate(np.asarray(lived.first)):
        asked = np.flatnonzero(script.question[life])[:2]  # as many kinds, and items, in an episode
        np.testing.assert_allclose(first, np.mean(script.answer[life, asked] == 1))
    assert score.first == pytest.approx(float(lived.first.mean())) and score.first > 0
    assert report.told(score)["first"] == score.first
    table = report.as_table("rule", 7, {"seen": score}, parameters=10, state_bytes=20)
    assert f"in the first episode that asks: {score.first:.3f}\n" in table.caption
    binding = small_run()
    lived = retrieval.experience(binding.env, parrot, {}, binding.world, KEYS)
    assert retrieval.score(binding.env, parrot, {}, binding.world, KEYS, lived).first is None


def test_intervals():
    scores = np.repeat([0.0, 1.0], 200)
    low, high = retrieval.interval(scores)
    # 1.96 standard errors of a fair coin thrown 400 times is .049.
    np.testing.assert_allclose([low, high], [0.451, 0.549], atol=0.01)
    assert retrieval.interval(np.full(5, 0.5)) == (0.5, 0.5)


def test_report_has_the_promised_fields():
    score = retrieval.Score(0.9, 0.8, 1.0, 0.1, 0.2, 0.03)
    scores = {name: score for name in report.ROWS}
    as_json = report.as_json("binding", 7, {"binding": scores})
    assert list(as_json) == ["task", "step", "seen", "heldout", "extrapolation"]
    assert list(as_json["extrapolation"]) == ["classes_x2", "delay_x4"]
    assert list(as_json["seen"]) == ["score", "low", "high", "empty", "other", "chance"]
    assert set(scores) == set(report.ROWS), "the scores handed in are left alone"
    several = report.as_json("mixture", 7, {"binding": scores, "order": scores})
    assert [task["task"] for task in several["tasks"]] == ["binding", "order"]
    table = report.as_table("binding", 7, scores, parameters=10, state_bytes=20)
    assert table.row_count == 4
