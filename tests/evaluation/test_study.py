"""A study's lines are kept, and its configurations told apart."""

import importlib.util
import pathlib

import pytest

from experiments.configs import binding, mixture
from memlearn import build
from memlearn.evaluation import study
from memlearn.types import UserError
from tests.evaluation.studies import SCORES, line, lines

STUDIES = sorted(pathlib.Path("experiments/ablations").glob("*.py"))


def test_lines_are_read_as_they_were_appended(tmp_path):
    path = tmp_path / "keys.jsonl"
    assert study.read(path) == []
    study.add(path, lines(SCORES), ["a", "b"])
    assert study.read(path) == lines(SCORES)
    assert study.holds_study(path)


def test_lines_stand_in_the_order_of_the_variants(tmp_path):
    path = tmp_path / "keys.jsonl"
    for variant in ("gone", "b", "a"):
        study.add(path, [line(variant, 0, "order", 0.5)], ["a", "b"])
    study.add(path, [line("b", 0, "order", 0.5, mark="newer")], ["a", "b"])
    found = [(fields["variant"], fields["mark"]) for fields in study.read(path)]
    assert found == [("a", "new"), ("b", "new"), ("b", "newer"), ("gone", "new")]


def test_a_variant_is_found_in_the_studies_beside(tmp_path):
    (tmp_path / "benchmarks.jsonl").write_text('{"op": "chunk"}\n')
    study.add(tmp_path / "lag.jsonl", [line("a", 0, "order", 0.5, mark="m")], ["a"])
    asking = tmp_path / "keys.jsonl"
    assert study.found_beside(asking, "m") == [line("a", 0, "order", 0.5, mark="m")]
    assert study.found_beside(asking, "n") == study.found_beside(tmp_path / "no/keys", "m") == []


@pytest.mark.parametrize("text", ["not JSON", "[1]", '{"op": "chunk"}', ""])
def test_other_lines_are_told_apart(tmp_path, text):
    path = tmp_path / "benchmarks.jsonl"
    path.write_text(text + "\n")
    assert not study.holds_study(path)
    with pytest.raises(UserError, match=r"line 1 of .*benchmarks.jsonl is not a study's"):
        study.read(path)


def test_a_line_of_capacity_needs_no_extrapolation(tmp_path):
    fields = line("a", 0, "order", 0.5)
    del fields["extrapolation"]
    study.add(tmp_path / "cut.jsonl", [{**fields, "budget": 4}], ["a"])
    assert study.read(tmp_path / "cut.jsonl")[0]["budget"] == 4
    study.add(tmp_path / "whole.jsonl", [fields], ["a"])
    with pytest.raises(UserError, match="it has no 'extrapolation'"):
        study.read(tmp_path / "whole.jsonl")


def test_configurations_are_told_apart_by_what_they_teach():
    config, seeded, longer = (binding.get_config() for _ in range(3))
    seeded.seed, seeded.log_every, longer.updates = 3, 99, 7
    assert study.digest(config) == study.digest(seeded) != study.digest(longer)


def test_fields_are_python_where_they_can_be():
    parsed = study.parse(["batch=4", "memory.kind=gru", "channels=(4,4)", "data_dir=/a=b"])
    expected = {"batch": 4, "memory.kind": "gru", "channels": (4, 4), "data_dir": "/a=b"}
    assert parsed == expected
    with pytest.raises(UserError, match="'updates' is not FIELD=VALUE"):
        study.parse(["updates"])


@pytest.mark.parametrize("path", STUDIES, ids=[path.stem for path in STUDIES])
def test_every_variant_of_a_study_can_be_built(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    variants = module.sweep()
    assert len(variants) > 1
    settings = set()
    for overrides in variants.values():
        config = mixture.get_config()
        config.update_from_flattened_dict(overrides)
        build.policy(config)
        settings.add(study.digest(config))
    assert len(settings) == len(variants), "no two variants are the same"
