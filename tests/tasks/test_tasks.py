"""What the tasks write, and what memory they demand."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from memlearn.tasks import language
from memlearn.tasks.binding import binding
from memlearn.tasks.order import order
from memlearn.tasks.rebinding import rebinding
from memlearn.types import EPISODE, LIFETIME, NONE, PAD

LEVEL = dict(classes=6, delay=3, words=10)
TASKS = {"binding": binding, "rebinding": rebinding, "order": order}
every_task = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)


def write(task, seed):
    return jax.device_get(task(jax.random.key(seed), **LEVEL))


def names_heard(script):
    """The (item, word) pairs that were studied, in order."""
    studied = script.text[:, 0] == language.THIS_IS
    return list(zip(script.item[studied], script.text[studied, 1] - language.FIRST_WORD))


@every_task
def test_an_agent_that_remembers_everything_is_always_right(task):
    for seed in range(20):
        script = write(task, seed)
        heard = names_heard(script)
        latest, series = dict(heard), [item for item, _ in heard]
        for item, answer in zip(script.item[script.question], script.answer[script.question]):
            if task is order:
                item = series[series.index(item) + 1]
            assert latest[item] == answer


@every_task
def test_answers_cannot_be_known_without_memory(task):
    """Over lifetimes, no word is likelier than another, whatever is asked."""
    scripts = jax.vmap(functools.partial(task, **LEVEL))(jax.random.split(jax.random.key(0), 2000))
    answers = scripts.answer[:, scripts.question[0]].reshape(-1)
    counts = np.bincount(answers, minlength=LEVEL["words"])
    assert counts.min() > 0.9 * counts.mean() and counts.max() < 1.1 * counts.mean()


@every_task
def test_questions_come_in_an_episode_of_their_own(task):
    script = write(task, 0)
    assert script.boundary[0] == LIFETIME
    start = int(np.flatnonzero(script.boundary == EPISODE)[0])
    assert np.all(np.delete(script.boundary, [0, start]) == NONE)
    assert np.all(script.question[start:]) and not np.any(script.question[:start])
    waiting = script.text[:, 0] == PAD
    assert waiting.sum() == LEVEL["delay"] and np.all(waiting[start - LEVEL["delay"] : start])


@every_task
def test_words_belong_to_one_item_at_a_time(task):
    owners = {}
    for item, word in names_heard(write(task, 3)):
        owners[item] = word
    assert len(set(owners.values())) == len(owners) == LEVEL["classes"]


def test_rebinding_changes_half_of_the_names():
    heard = names_heard(write(rebinding, 0))
    first, later = dict(heard[:6]), dict(heard[6:])
    assert len(later) == 3
    assert all(first[item] != word for item, word in later.items())
    assert set(later.values()) == {first[item] for item in later}


def test_order_asks_for_every_successor_once():
    script = write(order, 0)
    assert sorted(script.item[script.question]) == [0, 1, 2, 3, 4]
    assert np.all(script.text[script.question, 0] == language.WHAT_CAME_NEXT)
    assert jnp.unique(script.answer[script.question]).size == 5
