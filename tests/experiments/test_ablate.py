"""A study: every variant is run with its seeds, once, and put into a table."""

import pathlib
import subprocess
import sys

import pytest

from memlearn.evaluation import comparison, study

STUDY = """
SHARES = (0.5,)

def sweep():
    return {"without": {"memory.kind": "none"}, "with": {"memory.kind": "gru"}}
"""
SMALL = """
    task=binding classes=3 delay=1 words=6 kinds=2 trials=2 mentions=4 counted=2 showings=3
    batch=4 width=16 channels=(4,4) memory.layers=1 memory.slots=6 memory.hidden=16
    updates=4 log_every=1 validate_every=2 checkpoint_every=2 validation_lifetimes=4
"""


@pytest.fixture(scope="module")
def arguments(tmp_path_factory, data_dir):
    """The command of a small study; its folders lie beside the file of the study."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "with_or_without.py").write_text(STUDY)
    places = f"--out={folder}", f"--runs={folder / 'runs'}", f"--set=data_dir={data_dir}"
    fields = [f"--set={field}" for field in SMALL.split()]
    command = [sys.executable, "-m", "experiments.ablate", "--seeds=2", "--lifetimes=4"]
    return [*command, f"--study={folder / 'with_or_without.py'}", *places, *fields]


def call(arguments):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=300)


def test_a_study_runs_each_variant_once(arguments, tmp_path):
    first = call([*arguments, "--only=without"])
    assert first.returncode == 0, first.stderr
    both = call(arguments)
    assert both.returncode == 0, both.stderr
    assert "with_or_without: without" in first.stdout
    assert "with_or_without: without" not in both.stdout
    assert (
        "| without " in both.stdout and "| with " in both.stdout and "| with " not in first.stdout
    )
    lines, few = comparison.split(study.read(pathlib.Path(both.stdout.split()[-1])))
    assert [(line["variant"], line["budget"]) for line in few] == [
        ("without", 3), ("without", 3), ("with", 3), ("with", 3),
    ]  # fmt: skip
    assert [(line["variant"], line["seed"]) for line in lines] == [
        ("without", 0), ("without", 1), ("with", 0), ("with", 1),
    ]  # fmt: skip
    for line in lines:
        assert line["task"] == "binding" and line["parameters"] > 0
        assert 0 <= line["heldout"]["score"] <= 1 and line["heldout"]["chance"] == pytest.approx(
            1 / 6
        )
    assert lines[0]["state_bytes"] < lines[2]["state_bytes"] == 4 * 16


def test_what_cannot_be_run_is_one_line(arguments):
    for extra, complaint in (
        ("--only=neither", "no variant is called 'neither'; there are: without, with"),
        ("--set=no_such_field=1", "no_such_field"),
        ("--study=nowhere.py", "there is no study nowhere.py"),
    ):
        run = call([*arguments, extra])
        assert run.returncode == 2 and complaint in run.stderr
        assert len(run.stderr.strip().splitlines()) == 1
