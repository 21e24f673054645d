"""What the tasks write, and what memory they demand."""

import functools
from collections import Counter

import jax
import numpy as np
import pytest

from memlearn import build
from memlearn.tasks import crossmodal, language
from memlearn.tasks.level import Level
from memlearn.types import EPISODE, LIFETIME, NONE, PAD, SENSES

LEVEL = Level(
    classes=6, delay=3, words=12, mentions=9, counted=2, showings=5, kinds=3, trials=4
)  # fmt: skip
TASKS = build.TASKS
every_task = pytest.mark.parametrize("name", TASKS)


def write(name, seed):
    return jax.device_get(TASKS[name](jax.random.key(seed), LEVEL))


def heard(script):
    """The (item, word) pairs that were named, in order."""
    named = script.text[:, 0] == language.THIS_IS
    return list(zip(script.item[named], script.text[named, 1] - language.FIRST_WORD))


class Historian:
    """Remembers all that was shown and said, and what was answered right; what each task demands.

    It is told of a question's answer afterwards, as an agent learns from its reward.
    """

    def __init__(self):
        self.series, self.names, self.shown, self.rules = [], {}, Counter(), {}

    def see(self, item, instruction, word):
        self.shown[item] += 1
        if instruction == language.THIS_IS:
            self.series.append(item)
            self.names[item] = word

    def answer(self, item, instruction):
        if instruction == language.WHAT_IS_THIS:
            return self.names[item]
        if instruction == language.WHAT_CAME_NEXT:
            return self.names[self.series[self.series.index(item) + 1]]
        if instruction == language.HOW_OFTEN:
            return self.shown[item] - 1
        assert instruction == language.WHAT_TO_DO, "say here what a new question wants"
        return self.rules.get(self.names[item])

    def learn(self, item, instruction, answer):
        if instruction == language.WHAT_TO_DO:
            self.rules[self.names[item]] = answer


@every_task
def test_an_agent_that_remembers_everything_is_always_right(name):
    for seed in range(20):
        script, agent, right = write(name, seed), Historian(), []
        for time, (item, (instruction, token)) in enumerate(zip(script.item, script.text)):
            if script.question[time]:
                right.append(agent.answer(item, instruction) == script.answer[time])
                agent.learn(item, instruction, script.answer[time])
            else:
                agent.see(item, instruction, token - language.FIRST_WORD)
        asked_last = script.question[np.flatnonzero(script.boundary)[-1] :].sum()
        assert all(right[-asked_last:])


@every_task
def test_an_agent_without_memory_cannot_beat_the_stated_chance(name):
    """Over lifetimes, no answer is likelier than another, whatever is asked."""
    write = functools.partial(TASKS[name], level=LEVEL)
    scripts = jax.device_get(jax.vmap(write)(jax.random.split(jax.random.key(0), 2000)))
    questions = scripts.question
    (choices,) = set(scripts.choices[questions])
    counts = np.bincount(scripts.answer[questions], minlength=choices)
    assert counts.size == choices
    assert counts.min() > 0.9 * counts.mean() and counts.max() < 1.1 * counts.mean()


@every_task
def test_questions_that_count_come_in_the_last_episode(name):
    script = write(name, 0)
    starts = np.flatnonzero(script.boundary)
    assert starts[0] == 0 and script.boundary[0] == LIFETIME
    assert np.all(script.boundary[starts[1:]] == EPISODE) and NONE == 0
    start = starts[-1]
    assert np.any(script.question[start:])
    if name != "rule":
        assert len(starts) == 2
        assert np.all(script.question[start:]) and not np.any(script.question[:start])
    passing = slice(start - LEVEL.delay, start)
    assert np.all(script.text[passing] == PAD)
    assert not set(script.item[passing]) & {*script.item[: passing.start], *script.item[start:]}
    assert script.item.max() < script.item.size, "there are as many classes as steps"


@every_task
def test_a_harder_level_has_more_to_remember_or_a_longer_delay(name):
    task, key = TASKS[name], jax.random.key(0)
    script = task(key, LEVEL)
    later, more = task(key, LEVEL.times(delay=4)), task(key, LEVEL.times(classes=2, delay=1))
    assert later.item.size == script.item.size + 3 * LEVEL.delay
    assert more.question.sum() > script.question.sum()


@pytest.mark.parametrize("name", ["binding", "rebinding", "order", "selection"])
def test_words_belong_to_one_item_at_a_time(name):
    owners = dict(heard(write(name, 3)))
    assert len(set(owners.values())) == len(owners) == LEVEL.classes


@pytest.mark.parametrize(("name", "pair"), crossmodal.PAIRS.items())
def test_things_are_met_by_two_senses_and_asked_for_by_the_second(name, pair):
    script = write(name, 0)
    met = [{sense for sense, by in zip(SENSES, row) if by} for row in script.senses]
    for question, senses in zip(script.question, met):
        assert senses == ({pair[1]} if question else set(pair))


def test_rebinding_changes_half_of_the_names():
    named = heard(write("rebinding", 0))
    first, later = dict(named[:6]), dict(named[6:])
    assert len(later) == 3
    assert all(first[item] != word for item, word in later.items())
    assert set(later.values()) == {first[item] for item in later}


def test_order_asks_for_every_successor_once():
    script = write("order", 0)
    assert sorted(script.item[script.question]) == [0, 1, 2, 3, 4]
    assert np.all(script.text[script.question, 0] == language.WHAT_CAME_NEXT)
    assert len(set(script.answer[script.question])) == 5


def test_counting_is_as_long_whatever_the_counts():
    for seed in range(5):
        script = write("counting", seed)
        shown = Counter(script.item[: -LEVEL.delay - LEVEL.counted])
        assert all(1 <= shown[item] <= LEVEL.showings for item in range(LEVEL.counted))
        assert all(n == 1 for item, n in shown.items() if item >= LEVEL.counted)
        assert sum(shown.values()) == LEVEL.counted * LEVEL.showings


def test_selection_never_asks_for_what_was_only_mentioned():
    script = write("selection", 0)
    mentioned = set(script.item[script.text[:, 0] == language.SOMEONE_SAID])
    assert len(mentioned) == LEVEL.mentions
    assert not mentioned & set(script.item[script.question])


def test_a_rule_holds_for_life_and_kinds_do_not():
    script = write("rule", 1)
    starts = np.flatnonzero(script.boundary)
    wants, kinds = {}, []
    for episode in np.split(np.arange(script.item.size), starts[1:]):
        kinds.append(dict(heard(type(script)(*(part[episode] for part in script)))))
        asked = episode[script.question[episode]]
        for item, answer in zip(script.item[asked], script.answer[asked]):
            assert wants.setdefault(kinds[-1][item], answer) == answer
    assert len(wants) == len(set(wants.values())) == LEVEL.kinds
    assert all(set(kind.values()) == set(wants) for kind in kinds[:-1]), "each tries all kinds"
    returning = set.intersection(*map(set, kinds))
    assert len(returning) == len(kinds[0]) // 2
    assert any(len({kind[item] for kind in kinds}) > 1 for item in returning)
    assert len(set.union(*map(set, kinds)) - returning) == len(kinds) * (
        len(kinds[0]) - len(returning)
    )
