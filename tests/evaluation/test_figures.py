"""The figures of a study."""

import numpy as np
import pytest
from PIL import Image

from memlearn.evaluation import figures
from memlearn.evaluation.estimate import Estimate
from tests.evaluation.studies import SCORES, lines

ALONE = {("a", "order"): (0.2,)}


@pytest.mark.parametrize(
    ("made_up", "names"),
    [
        (lines(SCORES), ["study"]),
        (lines(ALONE), ["study"]),
        (lines(SCORES) + lines(SCORES, budget=4), ["study", "study-capacity"]),
        (lines(ALONE, budget=1) + lines(ALONE, budget=4), ["study-capacity"]),
    ],
)
def test_figures_are_drawn_as_png_and_pdf(tmp_path, made_up, names):
    paths = figures.draw(tmp_path / "study", made_up)
    assert [path.name for path in paths] == [f"{x}.{end}" for x in names for end in ("png", "pdf")]
    for path in paths[::2]:
        with Image.open(path) as image:
            assert image.width > 300 and np.asarray(image).std() > 0


def test_intervals_end_where_scores_do_and_unknown_ones_are_not_drawn():
    arms = figures._arms([Estimate(0.9, 0.7, 1.1), Estimate(0.1, -0.1, 0.3), Estimate(0.5)])
    np.testing.assert_allclose(arms, [[0.2, 0.1, 0], [0.1, 0.2, 0]])
