"""What is not a run of this version is complained about in one line."""

import json

import pytest

from experiments import trained
from experiments.configs import binding
from memlearn.types import UserError


def test_a_run_of_another_version_is_named_as_one(tmp_path):
    config = json.loads(binding.get_config().to_json_best_effort())
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match="there is no checkpoint"):
        trained.find(tmp_path)
    del config["memory"]["amounts"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match=r"another version .* memory.amounts is missing"):
        trained.find(tmp_path)
