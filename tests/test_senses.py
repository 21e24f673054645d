"""Things met by several senses, from the environment to an update."""

import jax
import numpy as np
import pytest

from memlearn import build
from memlearn.data import atlas
from memlearn.types import SENSES
from tests.worlds import small_run

FIELDS = dict(task="crossmodal", senses=SENSES)


@pytest.fixture(scope="module")
def run():
    return small_run(**FIELDS, sense_dropout=0.5)


def test_encoders_are_of_the_senses_of_a_run(run):
    names = ["image", "name", "speech", "text", "vector", "action", "reward"]
    assert list(build.encoders(run.config)) == names
    assert build.sources(run.config)[0][:7] == names
    assert list(build.encoders(small_run().config)) == ["image", *names[3:]]


def test_a_run_by_all_senses_learns(run):
    update, state = jax.jit(run.update), run.state
    for step in range(3):
        state, report = update(state, run.draw(jax.random.key(0), step))
    assert np.isfinite(report["loss"])
    moved = jax.tree.map(lambda new, old: np.any(new != old), state.params, run.state.params)
    assert all(jax.tree.leaves(moved)), "some parameter has no gradient"


def test_a_sense_is_lost_where_there_are_two(run):
    kept = small_run(**FIELDS)
    steps = [jax.device_get(x.draw(jax.random.key(0), 0)) for x in (run, kept)]
    number = [sum(np.asarray(step.present[sense], int) for sense in SENSES) for step in steps]
    np.testing.assert_array_equal(number[1], np.where(steps[1].question, 1, 2))
    assert number[0].min() == 1 and 0.3 < np.mean(number[0][number[1] == 2] == 1) < 0.7


def test_languages_are_held_out():
    languages = ("en", "de", "fr", "es", "ja", "zh")
    legend = atlas.Legend((), {x: ("cat", "dog") for x in languages}, (), (), ())
    names = atlas.spell(legend)
    assert names.forms.shape == (2, 6, atlas.WRITTEN)
    assert names.seen.tolist() == [0, 1, 2, 5] and names.unseen.tolist() == [3, 4]
    english = atlas.spell(legend._replace(names={"en": ("cat", "dog")}))
    assert english.seen.tolist() == english.unseen.tolist() == [0]
