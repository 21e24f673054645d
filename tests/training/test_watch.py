"""What a run is warned of: numbers by hand."""

import pytest

from memlearn.training.watch import LATE, Watch
from memlearn.types import UserError


class Unwritten:
    def write(self, step, values):
        pass


def told(reports, every=1):
    """The warnings of a run, from the `reports` of its updates, of which some are logged."""
    lines = []
    watch = Watch(0, Unwritten(), lines.append)
    for step, report in enumerate(reports, 1):
        watch.note({"loss": 1.0, "gradient_norm": 1.0, **report})
        if step % every == 0 or step == len(reports):
            watch.log(step)
    return lines


def test_a_gradient_is_large_beside_those_of_late():
    assert told([{"gradient_norm": 100.0}] + [{}] * LATE) == [], "there is nothing to compare with"
    assert told([{}] * LATE + [{"gradient_norm": 9.0}]) == []
    assert told([{"gradient_norm": 0.0}] * LATE + [{}]) == [], "nor with nothing"
    (line,) = told([{}] * LATE + [{"gradient_norm": 25.0}] + [{}] * 3, every=10)
    assert line.startswith(f"warning: the gradient of update {LATE + 1} has norm 25, 25 times")
    (line,) = told([{}] * LATE + [{"gradient_norm": 25.0}])
    assert line.startswith(f"warning: the gradient of update {LATE + 1} has norm 25, 25 times")
    grown = [{"gradient_norm": 25.0}] * (LATE + 1)
    assert len(told([{}] * LATE + grown)) == LATE // 2, "until half of those of late are such"


def test_a_collapse_is_told_when_it_begins():
    lines = told([{"banks": banks} for banks in (3.9, 1.4, 1.2, 1.6, 1.1)])
    assert [line.split(" a router")[0] for line in lines] == [
        "warning: at update 2", "warning: at update 5"
    ]  # fmt: skip


def test_every_update_is_looked_at_though_few_are_logged():
    watch = Watch(20, Unwritten(), print)
    for loss in (1.0, float("inf"), 1.0):
        watch.note({"loss": loss, "gradient_norm": 1.0})
    with pytest.raises(UserError, match=r"update 22 .* step 21"):
        watch.log(23)
