"""Many runs in one table."""

import pytest

from experiments.configs import offline
from memlearn.evaluation import summary, tables
from memlearn.types import UserError


def record(memory, seed, score):
    row = dict(score=score, low=score - 0.01, high=score + 0.01, empty=0.1, other=0.2, chance=0.03)
    far = {"classes_x2": row, "delay_x4": row}
    run = dict(trained="binding", task="binding", memory=memory, seed=seed, settings="0a")
    return dict(**run, seen=row, heldout=row, extrapolation=far)


def rows(records):
    """The cells of the rows of the table, as Markdown."""
    grid = tables.as_markdown(summary.as_table(records)).splitlines()
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in grid if "|" in row][2:]


def test_seeds_are_averaged_and_single_runs_keep_their_interval():
    records = [record("learned", seed, score) for seed, score in enumerate((0.90, 0.92, 0.97))]
    learned, none = rows([*records, record("none", 0, 0.03)])
    assert learned[:3] == ["binding", "learned", "3"] and learned[4] == "0.930"
    assert learned[5] == "0.840 - 1.000", (
        "by hand .93 ± 4.303 * .036056 / sqrt(3), but no more than 1"
    )
    assert none[5] == "0.020 - 0.040"


def test_other_settings_have_a_row_of_their_own():
    records = [record("learned", 0, 0.9), {**record("learned", 0, 0.8), "settings": "0b"}]
    assert [row[1] for row in rows(records)] == ["learned (0a)", "learned (0b)"]


def test_a_seed_counts_once():
    with pytest.raises(UserError, match="two runs are of binding, learned, and the same seed"):
        rows([record("learned", 0, 0.9), record("learned", 0, 0.8)])


def test_a_task_of_a_mixture_has_a_row_of_its_own():
    records = [record("learned", 0, 0.9), {**record("learned", 0, 0.8), "trained": "mixture"}]
    assert [row[0] for row in rows(records)] == ["binding", "binding, of mixture"]


def test_a_record_needs_a_run(tmp_path):
    with pytest.raises(Exception, match="is not the workdir of a run"):
        summary.read(tmp_path)


def test_what_was_recorded_is_no_task(tmp_path):
    config = offline.get_config()
    config.experience.folder = "recorded"
    (tmp_path / "config.json").write_text(config.to_json_best_effort())
    assert not summary.compares(tmp_path)
    (tmp_path / "config.json").write_text(offline.get_config().to_json_best_effort())
    assert summary.compares(tmp_path)
