"""The curriculum, by hand."""

import jax.numpy as jnp
import numpy as np
import pytest

from memlearn.learning import curriculum
from memlearn.tasks.level import Level
from memlearn.tasks.lifetime import LifetimeParams

WORLD = LifetimeParams({}, jnp.array([1.0, 3.0]))


def met(step, later=(False, False), later_after=0, levels=1, easier_until=0):
    return curriculum.meet(WORLD, step, later, later_after, levels, easier_until).tasks.tolist()


@pytest.mark.parametrize(
    ("step", "level"), [(0, 0), (4, 0), (5, 1), (9, 1), (10, 2), (11, 2), (99, 2)]
)
def test_levels_are_climbed_evenly(step, level):
    shares = np.zeros((3, 2))
    shares[level] = 1, 3
    assert met(step, levels=3, easier_until=10) == shares.ravel().tolist()


def test_a_task_is_waited_for_at_every_level():
    waits = dict(later=(True, False), later_after=6, levels=2, easier_until=5)
    assert [met(step, **waits) for step in (4, 5, 6)] == [[0, 3, 0, 0], [0, 0, 0, 3], [0, 0, 1, 3]]
    assert met(1, later=(True, True), later_after=2) == [1, 3], "all of them are waited for by none"


def test_a_part_of_a_level_has_something_to_remember():
    level = Level(8, 8, words=32, mentions=40, counted=3, showings=15, kinds=4, trials=5)
    assert level.part(0.25) == Level(2, 2, 32, 10, 1, 4, 2, 5)
    assert level._replace(kinds=1, classes=1).part(0.5)[:1] == (1,), "never more than the whole"
    assert level.part(0.01) == Level(2, 0, 32, 0, 1, 1, 2, 5)
