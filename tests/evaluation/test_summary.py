"""Many runs in one table."""

import numpy as np
import pytest
from scipy import stats

from memlearn.evaluation import summary


def record(memory, seed, score):
    row = dict(score=score, low=score - 0.01, high=score + 0.01, empty=0.1, other=0.2, chance=0.03)
    far = {"classes_x2": row, "delay_x4": row}
    run = dict(trained="binding", task="binding", memory=memory, seed=seed)
    return dict(**run, seen=row, heldout=row, extrapolation=far)


def test_seeds_are_averaged_and_single_runs_keep_their_interval():
    scores = [0.90, 0.92, 0.97]
    records = [record("learned", seed, score) for seed, score in enumerate(scores)]
    table = summary.as_markdown([*records, record("none", 0, 0.03)]).splitlines()
    assert len(table) == 4
    cells = [cell.strip() for cell in table[2].strip("|").split("|")]
    assert cells[:3] == ["binding", "`learned`", "3"] and cells[4] == "0.930"
    low, high = stats.t.interval(0.95, 2, np.mean(scores), np.std(scores, ddof=1) / np.sqrt(3))
    assert cells[5] == f"{low:.3f} - {min(1, high):.3f}"
    assert "0.020 - 0.040" in table[3]


def test_a_task_of_a_mixture_has_a_row_of_its_own():
    records = [record("learned", 0, 0.9), {**record("learned", 0, 0.8), "trained": "mixture"}]
    table = summary.as_markdown(records).splitlines()
    assert len(table) == 4
    assert "| binding |" in table[2] and "| binding, of mixture |" in table[3]


def test_a_record_needs_a_run(tmp_path):
    with pytest.raises(Exception, match="is not the workdir of a run"):
        summary.read(tmp_path)
