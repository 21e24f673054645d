"""Workdirs: one configuration each."""

import pytest

from memlearn.training import workdir
from memlearn.types import UserError
from tests.worlds import small_config


def claim(folder, config):
    """Claim a folder and let it go."""
    with workdir.claim(folder, config) as claimed:
        return claimed


def test_a_folder_is_held_by_one_run(tmp_path):
    held = workdir.claim(tmp_path / "run", small_config())
    with held, pytest.raises(UserError, match=r"another process is training in .*run; wait"):
        claim(tmp_path / "run", small_config())
    claim(tmp_path / "run", small_config())


def test_the_configuration_comes_back(tmp_path):
    config = small_config()
    config.task_shares = (("rule", 3.0), ("counting", 2.0))
    folder = claim(tmp_path / "a" / "run", config)
    assert workdir.read_config(folder) == config
    assert workdir.read_config(folder).task_shares == config.task_shares
    assert workdir.read_config(folder).is_locked
    assert len((folder / "commit.txt").read_text().strip().removesuffix("-dirty")) in (7, 40)
    assert claim(folder, config) == folder, "the same configuration goes on"


def test_another_configuration_is_refused_and_nothing_is_overwritten(tmp_path):
    folder = claim(tmp_path / "run", small_config())
    before = (folder / "config.json").read_bytes()
    other = small_config()
    other.memory.slots = 99
    with pytest.raises(UserError, match=r"holds a run with memory.slots=8, not 99"):
        claim(folder, other)
    assert (folder / "config.json").read_bytes() == before


def test_how_a_run_runs_may_change(tmp_path):
    folder = claim(tmp_path / "run", small_config())
    other = small_config()
    other.log_every = 99
    assert workdir.read_config(claim(folder, other)).log_every == 99


def test_git_is_not_needed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    folder = claim(tmp_path / "run", small_config())
    assert (folder / "commit.txt").read_text() == "unknown\n"


def test_every_commit_that_a_run_was_trained_by_is_kept(tmp_path, monkeypatch):
    for commit in ("one", "one", "two"):
        monkeypatch.setattr(workdir, "_commit", lambda commit=commit: commit)
        folder = claim(tmp_path / "run", small_config())
    assert (folder / "commit.txt").read_text() == "one\ntwo\n"
    (folder / "checkpoints" / str(small_config().updates)).mkdir(parents=True)
    monkeypatch.setattr(workdir, "_commit", lambda: "three")
    claim(folder, small_config())
    assert "three" not in (folder / "commit.txt").read_text(), "nothing was left to train"


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(UserError, match="is not the workdir of a run"):
        workdir.read_config(tmp_path)
    (tmp_path / "config.json").write_text('{"cut o')
    with pytest.raises(UserError, match="is not the workdir of a run"):
        claim(tmp_path, small_config())


def test_an_unwritable_place_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        claim(tmp_path / "file" / "run", small_config())
