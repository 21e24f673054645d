"""Studies become tables and figures, as a user asks for them."""

import json

import pytest

from experiments.configs import binding
from memlearn.evaluation import study
from memlearn.training import workdir
from tests.commands import call, command
from tests.evaluation.studies import SCORES, line, lines


def report(*arguments):
    return call(command("report", *arguments))


def test_each_study_has_its_tables_and_figures(tmp_path):
    study.add(tmp_path / "keys.jsonl", lines(SCORES) + lines(SCORES, budget=4), ["a", "b"])
    study.add(tmp_path / "survival.jsonl", lines(SCORES), ["a", "b"])
    (tmp_path / "benchmarks.jsonl").write_text('{"op": "chunk"}\n')
    run = report(f"--studies={tmp_path}/*.jsonl", f"--out={tmp_path / 'out'}")
    assert run.returncode == 0, run.stderr
    written = {path.name for path in (tmp_path / "out").iterdir()}
    suffixes = ("md", "tex", "png", "pdf")
    expected = {f"{name}.{suffix}" for name in ("keys", "survival") for suffix in suffixes}
    assert written == expected | {"keys-capacity.png", "keys-capacity.pdf"}
    for name in written:
        assert str(tmp_path / "out" / name) in run.stdout
    assert (tmp_path / "out" / "keys.md").read_text() in run.stdout
    assert "keys: held-out score minus that of a" in run.stdout


def test_runs_have_one_table(tmp_path):
    with workdir.claim(tmp_path / "run", binding.get_config()) as run:
        pass
    (run / "evaluation.json").write_text(json.dumps(line("a", 0, "binding", 0.9)))
    done = report(f"--runs={tmp_path}/*", f"--out={tmp_path / 'out'}")
    assert done.returncode == 0, done.stderr
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"runs.jsonl", "table.md", "table.tex"}
    assert (tmp_path / "out" / "table.md").read_text() in done.stdout
    assert "| binding | learned |     1 | 0.900 |" in done.stdout


@pytest.mark.parametrize(
    ("text", "arguments", "complaint"),
    [
        (None, ["--studies={}/no*"], "no file of a study matches"),
        ('{"op": "chunk"}', ["--studies={}/*"], "no file of a study matches"),
        ('{"variant": "a"}', ["--studies={}/*"], "is not a study's: it has no 'seed'"),
        (None, ["--runs={}/no*"], "no evaluated run matches"),
        (None, [], "Exactly one of (studies, runs) must have a value"),
        (None, ["--runs=a", "--studies=b"], "Exactly one of (studies, runs) must have a value"),
    ],
)
def test_what_cannot_be_reported_is_one_line(tmp_path, text, arguments, complaint):
    if text:
        (tmp_path / "lines.jsonl").write_text(text + "\n")
    run = report(*(argument.format(tmp_path) for argument in arguments))
    assert run.returncode == 2 and complaint in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
