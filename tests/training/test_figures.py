"""What a run is warned of: numbers by hand."""

import pytest

from memlearn.training.figures import LATE, Figures
from memlearn.types import UserError


class Unwritten:
    def write(self, step, values):
        pass


def told(reports):
    """The warnings of a run of which every update is logged, from `reports` of each."""
    lines = []
    figures = Figures(0, Unwritten(), lines.append)
    for step, report in enumerate(reports, 1):
        figures.note({"loss": 1.0, "gradient_norm": 1.0, **report})
        figures.log(step)
    return lines


def test_a_gradient_is_large_beside_those_of_late():
    assert told([{"gradient_norm": 100.0}] + [{}] * LATE) == [], "there is nothing to compare with"
    assert told([{}] * LATE + [{"gradient_norm": 9.0}]) == []
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
    figures = Figures(20, Unwritten(), print)
    for loss in (1.0, float("inf"), 1.0):
        figures.note({"loss": loss, "gradient_norm": 1.0})
    with pytest.raises(UserError, match=r"update 22 .* step 21"):
        figures.log(23)
