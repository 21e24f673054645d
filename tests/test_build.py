"""What is built of a configuration, and the line that says what cannot be."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ml_collections import ConfigDict

from memlearn import build, worlds
from memlearn.checks import check
from memlearn.tasks import language
from memlearn.training import workdir
from memlearn.types import UserError
from tests.worlds import small_config, small_run

TEACHING = functools.partial(worlds.teaching, env=None, world=None)


@pytest.mark.parametrize(
    ("construct", "fields", "complaint"),
    [
        (build.environment, {"task": "juggling"}, "no task is called 'juggling'; there are: "),
        (
            build.environment,
            {"task": "mixture", "showings": 7},
            "showings must be between 1 and words = 6",
        ),
        (build.environment, {"later": ("juggling",)}, "no task is called 'juggling'"),
        (build.environment, {"classes": 4}, "classes must be between 2 and words / 2 = 3; got 4"),
        (build.policy, {"memory.kind": "ram"}, "no memory is called 'ram'"),
        (build.policy, {"memory.addressing": "fuzzy"}, "no rule of addressing is called 'fuzzy'"),
        (build.policy, {"memory.kind": "store", "memory.nearest": 0}, "nearest must be from 1 to "),
        (build.policy, {"memory.kind": "store", "memory.key_width": 7}, "must be even; got 7"),
        (build.policy, {"memory.knowledge": 2}, "nearest must be from 1 to the 4 slots"),
        (check, {"memory.knowledge": -1}, "memory.knowledge must be at least 0; got -1"),
        (check, {"memory.kind": "store", "memory.count": "all"}, "nothing about 'store'"),
        (check, {"memory.kind": "gru", "memory.addressing": "fused"}, "nothing about 'gru'"),
        (check, {"memory.kind": "gru", "nested": True}, "nested says nothing about 'gru'"),
        (check, {"memory.top_banks": 3}, "memory.top_banks must be at most memory.banks = 2"),
        (check, {"memory.layers": 0}, "memory.layers must be at least 1; got 0"),
        (check, {"log_every": 0}, "log_every must be at least 1; got 0"),
        (check, {"updates": 1}, "updates must be at least 2; got 1"),
        (check, {"slot_price": 0.1}, "slot_price is a price on what memory.count=learned"),
        (check, {"senses": ("image", "smell")}, "senses must be some of image, name, speech"),
        (build.environment, {"task": "image_speech"}, "image_speech takes more senses than"),
        (build.environment, {"task": "crossmodal"}, "crossmodal takes more senses than"),
        (check, {"sense_dropout": 2.0}, "sense_dropout must be between 0 and 1; got 2.0"),
        (check, {"recolor": 3.0}, "recolor must be between 0 and 1; got 3.0"),
        (TEACHING, {"trial_rates": (0.5, 1.5)}, "trial_rates must be two, between 0 and 1"),
        (build.tasks, {"task": "popgym:RepeatFirstEasy"}, "only train, evaluate and film know env"),
        (worlds.conditions, {"task": "popgym:RepeatFirstEasy"}, "only train, evaluate and film"),
        (build.shares, {"task_shares": (("binding", -1.0),)}, "task_shares must not be negative"),
        (build.shares, {"task_shares": (("binding", 0.0),)}, "must not be negative, nor all 0"),
        (build.shares, {"task_shares": ("rule", 3.0)}, "task_shares must be pairs, as"),
        (build.shares, {"task_shares": (("juggling", 1.0),)}, "no task is called 'juggling'"),
        (worlds.conditions, {"data": "faces"}, "no data set is called 'faces'"),
        (worlds.conditions, {"delay": 99}, "needs 402 classes and there are 233"),
    ],
)
def test_what_cannot_be_built_is_one_line(data_dir, construct, fields, complaint):
    config = small_config()
    config.update_from_flattened_dict({"data_dir": str(data_dir), **fields})
    with pytest.raises(UserError) as error:
        construct(config)
    assert complaint in str(error.value) and "\n" not in str(error.value)


def test_every_field_can_be_set_by_a_flag():
    """A `ConfigDict` finds its own methods before fields of their names."""
    names = {part for name in workdir.flat(small_config()) for part in name.split(".")}
    assert not names & set(dir(ConfigDict))


def test_tasks_of_a_mixture_are_met_by_their_shares(data_dir):
    config = small_config()
    config.task, config.data_dir = "mixture", str(data_dir)
    config.task_shares = (("rule", 3.0), ("order", 0.0))
    world = functools.partial(worlds.world, config, **worlds.SEEN)
    np.testing.assert_array_equal(world().tasks, [1, 1, 0, 1, 1, 3])
    np.testing.assert_array_equal(world(task="order").tasks, [0, 0, 1, 0, 0, 0])


def test_each_bank_below_is_a_source():
    config = small_config()
    config.memory.layers = 2
    first, second = build.sources(config)
    below = ["recalled 0", "recalled 1"]
    assert [name for name in second if name not in first] == [
        *below,
        *(f"{x} before" for x in below),
    ]


def test_a_teacher_tries_more_and_more():
    run = small_run(task="rule", batch=32, updates=100, trial_rates=(0.0, 1.0))

    def erred(step):
        seen = run.draw(jax.random.key(0), step)
        return 1 - seen.observation["reward"][seen.present["reward"]].mean()

    assert erred(0) == 0 < erred(50) < erred(100)
    # Each of two kinds is answered wrong once, in five answers whose reward is seen.
    np.testing.assert_allclose(erred(100), 0.4)


def test_easier_levels_come_first():
    run = small_run(classes=4, delay=4, words=8, batch=16, easier=(0.5,), easier_until=5)
    assert run.env.length == 2 * 4 + 4, "that of the whole level"

    def named(step):
        asked = run.draw(jax.random.key(0), step).question
        return set(asked.sum(axis=1).tolist())

    assert (named(0), named(4), named(5)) == ({2}, {2}, {4})


def test_what_builds_on_other_tasks_comes_later():
    run = small_run(task="mixture", batch=32, later=("rule", "order"), later_after=5)

    def asked(step):
        return set(run.draw(jax.random.key(0), step).observation["text"][..., 0].ravel().tolist())

    later = {language.WHAT_TO_DO, language.WHAT_CAME_NEXT}
    assert not asked(4) & later and asked(5) >= later
    alone = small_run(task="rule", later=("rule",), later_after=5)
    text = alone.draw(jax.random.key(0), 0).observation["text"]
    assert (text == language.WHAT_TO_DO).any(), "where there is nothing else, it is not waited for"


def test_the_rate_of_learning_is_of_all_steps_along_a_gradient():
    """Four of them for each of ten updates: it rises in two updates, and falls to a fiftieth."""
    config = small_config()
    config.learner, config.updates, config.warmup, config.weight_decay = "ppo", 10, 2, 0.0
    config.ppo.epochs, config.ppo.minibatches, config.learning_rate = 2, 2, 0.05
    optimizer = build.optimizer(config)
    state, sizes = optimizer.init(jnp.float32(0)), []
    for _ in range(41):  # by Adam, a gradient that stays the same moves as far as the rate
        moved, state = optimizer.update(jnp.float32(1), state, jnp.float32(0))
        sizes.append(-float(moved))
    assert np.argmax(sizes) == 8 and sizes[8] == pytest.approx(0.05, rel=1e-3)
    assert sizes[0] == pytest.approx(0.025, rel=1e-3)
    assert sizes[-1] == pytest.approx(0.001, rel=1e-3)
