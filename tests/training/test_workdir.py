"""Workdirs: one configuration each."""

import pytest

from memlearn.training import workdir
from memlearn.types import UserError
from tests.worlds import small_config


def test_the_configuration_comes_back(tmp_path):
    config = small_config()
    folder = workdir.claim(tmp_path / "a" / "run", config)
    assert workdir.read_config(folder) == config
    assert workdir.read_config(folder).is_locked
    assert len((folder / "commit.txt").read_text().strip().removesuffix("-dirty")) in (7, 40)
    assert workdir.claim(folder, config) == folder, "the same configuration goes on"


def test_another_configuration_is_refused_and_nothing_is_overwritten(tmp_path):
    folder = workdir.claim(tmp_path / "run", small_config())
    before = (folder / "config.json").read_bytes()
    other = small_config()
    other.memory.slots = 99
    with pytest.raises(UserError, match=r"holds a run with memory.slots=8, not 99"):
        workdir.claim(folder, other)
    assert (folder / "config.json").read_bytes() == before


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(UserError, match="is not the workdir of a run"):
        workdir.read_config(tmp_path)
    (tmp_path / "config.json").write_text('{"cut o')
    with pytest.raises(UserError, match="is not the workdir of a run"):
        workdir.claim(tmp_path, small_config())


def test_an_unwritable_place_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        workdir.claim(tmp_path / "file" / "run", small_config())
