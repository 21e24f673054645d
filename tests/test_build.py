"""Names and numbers of a configuration that cannot be built are complained about in one line."""

import jax
import pytest

from memlearn import build
from memlearn.tasks import language
from memlearn.types import UserError
from tests.worlds import small_config, small_run


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
        (build.policy, {"memory.keys": "fuzzy"}, "no rule of keys is called 'fuzzy'; there are: "),
        (build.policy, {"memory.kind": "gru", "memory.keys": "fused"}, "says nothing about 'gru'"),
        (build.policy, {"memory.top_banks": 3}, "memory.top_banks must be between 0 and"),
        (build.conditions, {"data": "faces"}, "no data set is called 'faces'"),
        (build.conditions, {"delay": 99}, "needs 402 classes and there are 233"),
    ],
)
def test_what_cannot_be_built_is_one_line(data_dir, construct, fields, complaint):
    config = small_config()
    config.update_from_flattened_dict({"data_dir": str(data_dir), **fields})
    with pytest.raises(UserError) as error:
        construct(config)
    assert complaint in str(error.value) and "\n" not in str(error.value)


def test_what_builds_on_other_tasks_comes_later():
    run = small_run(task="mixture", batch=32, later=("rule", "order"), later_after=5)

    def asked(step):
        return set(run.draw(jax.random.key(0), step).observation["text"][..., 0].ravel().tolist())

    later = {language.WHAT_TO_DO, language.WHAT_CAME_NEXT}
    assert not asked(4) & later and asked(5) >= later
    alone = small_run(task="rule", later=("rule",), later_after=5)
    text = alone.draw(jax.random.key(0), 0).observation["text"]
    assert (text == language.WHAT_TO_DO).any(), "where there is nothing else, it is not waited for"
