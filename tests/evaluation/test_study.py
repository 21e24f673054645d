"""A study's configurations are told apart, and its lines become a table."""

import importlib.util
import io
import pathlib

import numpy as np
import pytest
from rich.console import Console

from experiments.configs import binding, mixture
from memlearn import build
from memlearn.evaluation import study

STUDIES = sorted(pathlib.Path("experiments/ablations").glob("*.py"))


def line(variant, seed, task, score):
    heldout = dict(score=score, low=score - 0.02, high=score + 0.02)
    return dict(variant=variant, seed=seed, task=task, heldout=heldout, state_bytes=1024)


def test_a_table_has_a_row_for_each_variant_and_a_column_for_each_task():
    scores = {("a", "order"): (0.5, 0.6), ("a", "rule"): (0.7, 0.7), ("b", "order"): (0.1,)}
    lines = [
        line(variant, seed, task, score)
        for (variant, task), each in scores.items()
        for seed, score in enumerate(each)
    ]
    out = io.StringIO()
    Console(file=out, width=140).print(study.as_table("keys", lines))
    rows = {row.split("│")[1].strip(): row for row in out.getvalue().splitlines() if "│" in row}
    half = 12.706 * 0.1 / np.sqrt(2) / np.sqrt(2)  # Student's t of one degree of freedom
    assert f"0.550 ±{half:.3f}" in rows["a"] and "0.700 ±0.000" in rows["a"]
    assert "0.625" in rows["a"], "the mean over tasks"
    assert "0.100 ±0.020" in rows["b"] and " - " in rows["b"]


def test_configurations_are_told_apart_by_what_they_teach():
    config, seeded, longer = (binding.get_config() for _ in range(3))
    seeded.seed, seeded.log_every, longer.updates = 3, 99, 7
    assert study.digest(config) == study.digest(seeded) != study.digest(longer)


def test_fields_are_python_where_they_can_be():
    parsed = study.parse(["batch=4", "memory.kind=gru", "channels=(4,4)", "data_dir=/a=b"])
    expected = {"batch": 4, "memory.kind": "gru", "channels": (4, 4), "data_dir": "/a=b"}
    assert parsed == expected


@pytest.mark.parametrize("path", STUDIES, ids=[path.stem for path in STUDIES])
def test_every_variant_of_a_study_can_be_built(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    variants = module.sweep()
    assert len(variants) > 1
    policies = set()
    for overrides in variants.values():
        config = mixture.get_config()
        config.update_from_flattened_dict(overrides)
        policies.add(build.policy(config))
    assert len(policies) == len(variants), "no two variants are the same"
