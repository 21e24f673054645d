"""Metrics: lines that survive a cut, and are not written twice."""

import json

import pytest

from memlearn.training.metrics import Metrics, read
from memlearn.types import UserError


def test_a_run_that_goes_on_forgets_what_it_will_write_again(tmp_path):
    first = Metrics(tmp_path, step=0, tensorboard=False)
    for step in (10, 20, 30):
        first.write(step, {"loss": step / 10})
    first.close()
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 40, "lo')  # killed in the middle of a line
    second = Metrics(tmp_path, step=20, tensorboard=False)
    second.write(30, {"loss": 7})
    second.close()
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert lines == read(tmp_path)
    assert [(line["step"], line["loss"]) for line in lines] == [(10, 1), (20, 2), (30, 7)]


def test_tensorboard_when_asked_for(tmp_path):
    metrics = Metrics(tmp_path, step=0, tensorboard=True)
    metrics.write(1, {"loss": 0.5})
    metrics.close()
    assert list((tmp_path / "tensorboard").glob("events.out.tfevents.*"))


@pytest.mark.parametrize("damaged", [b'{"step": 1, "lo', b"\xff\x00", b"17", b"[]", b"{}"])
def test_a_damaged_line_is_named_and_nothing_is_overwritten(tmp_path, damaged):
    content = b'{"step": 1}\n' + damaged + b'\n{"step": 3}\n'
    (tmp_path / "metrics.jsonl").write_bytes(content)
    with pytest.raises(UserError, match=r"line 2 of .*metrics.jsonl is damaged; remove that line"):
        Metrics(tmp_path, step=3, tensorboard=False)
    assert (tmp_path / "metrics.jsonl").read_bytes() == content
