"""Batches of recorded experience: the same ones for the same seed, wherever a run goes on."""

import itertools

import jax
import numpy as np
import pytest

from experiments.configs import offline
from memlearn import build, recorded
from memlearn.encoders.text import BytesEncoder, TextEncoder
from memlearn.types import UserError
from tests import recordings
from tests.worlds import small_config

KEY = jax.random.key(3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Lifetimes of a teacher: 12 of them."""
    folder = tmp_path_factory.mktemp("recorded") / "lifetimes"
    recordings.lifetimes(folder)
    return folder


@pytest.fixture
def config(folder):
    config = small_config()
    config.experience = offline.get_config().experience
    config.data_dir, config.experience.folder = str(folder.parent), str(folder)
    config.experience.held_out, config.experience.length, config.batch = 0.3, 5, 4
    return config


def same(found, expected):
    jax.tree.map(np.testing.assert_array_equal, found, expected)


def test_batches_depend_on_the_key_and_the_step_alone(config):
    experience = recorded.load(config)
    draw = recorded.teaching(config, experience)
    batches = [draw(KEY, step) for step in range(6)]
    again = recorded.teaching(config, experience)
    same(again(KEY, 4), batches[4])
    same(again(KEY, 5), batches[5])
    same(again(KEY, 1), batches[1])
    assert any(
        (a != b).any()
        for a, b in zip(jax.tree.leaves(draw(jax.random.key(4), 0)), jax.tree.leaves(batches[0]))
    )


def test_hosts_read_the_rows_of_their_devices(config, monkeypatch):
    experience = recorded.load(config)
    whole = recorded.teaching(config, experience)(KEY, 2)
    read = []
    for share in (np.array([0, 1]), np.array([2, 3])):
        monkeypatch.setattr(recorded.hosts, "share", lambda batch, share=share: share)
        read.append(recorded.teaching(config, experience)(KEY, 2))
    same(jax.tree.map(lambda *x: np.concatenate(x), *read), whole)


def test_every_row_is_drawn_once_before_any_is_drawn_again(config):
    config.experience.image, config.batch = "", 1
    experience = recorded.load(config)
    lengths = np.diff(experience.first, append=len(experience.steps.question))
    draw = recorded.teaching(config, experience)
    drawn = [draw(KEY, step) for step in range(2 * int(lengths.sum()))]
    rows = [step.oracle.tobytes() + step.observation["text"].tobytes() for step in drawn]
    period = next(n for n in itertools.count(1) if sorted(rows[:n]) == sorted(rows[n : 2 * n]))
    assert period > 4 and rows[:period] != rows[period : 2 * period], "in another order"
    assert all(step.question.any() and step.question.shape == (1, 5) for step in drawn)


def test_an_examination_is_of_the_part_that_is_held_out(config):
    config.experience.image = ""
    experience = recorded.load(config)
    numbered = experience.steps._replace(oracle=np.arange(len(experience.steps.oracle)))
    experience = experience._replace(steps=numbered)
    for held_out in (True, False):
        batches = recorded.examination(config, experience, held_out, most=6)
        steps = jax.tree.map(lambda *x: np.concatenate(x), *batches)
        lengths = np.diff(experience.first, append=len(numbered.oracle))
        part = np.repeat(experience.held_out == held_out, lengths)
        assert set(steps.oracle.ravel()) <= set(np.flatnonzero(part))
        assert 1 < len(steps.question) <= 6


def test_a_policy_has_encoders_of_what_is_mapped(config):
    assert list(build.encoders(config)) == ["image", "text", "vector", "action", "reward"]
    assert isinstance(build.encoders(config)["text"], TextEncoder)
    config.experience.text_length, config.experience.image, config.experience.reward = 9, "", ""
    assert list(build.encoders(config)) == ["text", "vector", "action"]
    assert isinstance(build.encoders(config)["text"], BytesEncoder)
    assert [name for name in build.sources(config)[0] if "before" not in name] == [
        *("text", "vector", "action")
    ]


def test_more_words_than_an_agent_has_are_one_line(config):
    config.words = 3
    with pytest.raises(UserError, match=r"needs --config\.words=6, if not more"):
        recorded.load(config)


def test_what_was_recorded_is_not_played(config):
    with pytest.raises(UserError, match="recorded experience plays no tasks: only evaluate"):
        build.environment(config)
