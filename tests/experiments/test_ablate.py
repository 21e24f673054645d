"""A study: every variant is run with its seeds, once, and put into a table."""

import pathlib
import re

import pytest
from absl import flags

from experiments import ablate
from memlearn.evaluation import comparison, study
from memlearn.types import UserError
from tests.commands import call, command

STUDY = """
SHARES = (0.5,)

def sweep():
    return {"old": {"memory.kind": "window"}, "new": {"memory.kind": "window", "clip": 2.0}}
"""
SMALL = """
    task=binding classes=3 delay=1 words=6 kinds=2 trials=2 mentions=4 counted=2 showings=3
    batch=4 width=16 channels=(4,4) memory.layers=1 memory.slots=6
    updates=4 log_every=1 validate_every=2 checkpoint_every=2 validation_lifetimes=4
"""


@pytest.fixture(scope="module")
def arguments(tmp_path_factory, data_dir):
    """The command of a small study; its folders lie beside the file of the study."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "old_or_new.py").write_text(STUDY)
    places = f"--out={folder}", f"--runs={folder / 'runs'}", f"--set=data_dir={data_dir}"
    fields = [f"--set={field}" for field in SMALL.split()]
    few = "--seeds=2", "--lifetimes=4"
    return command("ablate", *few, f"--study={folder / 'old_or_new.py'}", *places, *fields)


def test_a_study_runs_each_variant_once(arguments, tmp_path):
    first = call([*arguments, "--only=old"])
    assert first.returncode == 0, first.stderr
    both = call(arguments)
    assert both.returncode == 0, both.stderr
    assert "old_or_new: old" in first.stdout
    assert "old_or_new: old" not in both.stdout
    assert "| old " in both.stdout and "| new " in both.stdout and "| new " not in first.stdout
    lines, few = comparison.split(study.read(pathlib.Path(both.stdout.split()[-1])))
    assert [(line["variant"], line["budget"]) for line in few] == [
        ("old", 3), ("old", 3), ("new", 3), ("new", 3),
    ]  # fmt: skip
    assert [(line["variant"], line["seed"]) for line in lines] == [
        ("old", 0), ("old", 1), ("new", 0), ("new", 1),
    ]  # fmt: skip
    for line in lines:
        assert line["task"] == "binding" and line["parameters"] > 0
        assert 0 <= line["heldout"]["score"] <= 1 and line["heldout"]["chance"] == pytest.approx(
            1 / 6
        )
        assert line["state_bytes"] > 0


def test_a_study_takes_what_another_has_measured(arguments):
    name = next(x for x in arguments if x.startswith("--study=")).removeprefix("--study=")
    again = pathlib.Path(name).with_name("again.py")
    again.write_text(STUDY.replace("old", "same"))
    run = call([*arguments, f"--study={again}", "--only=same"])
    assert run.returncode == 0 and "scoring" not in run.stderr
    lines, _ = comparison.split(study.read(again.with_suffix(".jsonl")))
    assert [(line["study"], line["variant"], line["seed"]) for line in lines] == [
        ("again", "same", 0), ("again", "same", 1),
    ]  # fmt: skip


def test_what_cannot_be_run_is_one_line(arguments):
    run = call([*arguments, "--only=neither"])
    assert run.returncode == 2
    assert run.stderr == "error: no variant is called 'neither'; there are: old, new\n"


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        ({"update": 1}, "no field is called 'update'; did you mean 'updates'?"),
        ({"updates": "many"}, "updates cannot be 'many'; it is a int"),
    ],
)
def test_a_field_that_cannot_be_set_is_said(overrides, complaint):
    flags.FLAGS.mark_as_parsed()
    with pytest.raises(UserError, match=re.escape(complaint)):
        ablate.configure(overrides)
    flags.FLAGS.unparse_flags()


def test_a_study_that_is_not_there_is_said():
    with pytest.raises(UserError, match=re.escape("there is no study nowhere.py")):
        ablate.read_study("nowhere.py")
