"""Every configuration has the fields of `binding`, and can be."""

import importlib
import pkgutil

import pytest

from experiments import configs
from experiments.configs import binding, ppo_binding
from memlearn import build, checks

NAMES = [module.name for module in pkgutil.iter_modules(configs.__path__)]


@pytest.mark.parametrize("name", NAMES)
def test_it_can_be(name):
    config = importlib.import_module(f"experiments.configs.{name}").get_config()
    assert config.is_locked
    assert set(config.to_dict()) == set(binding.get_config().to_dict())
    checks.check(config)


def test_answers_count_for_themselves_alone_where_they_change_nothing():
    for name in NAMES:
        config = importlib.import_module(f"experiments.configs.{name}").get_config()
        if config.learner == "ppo":
            assert (config.ppo.within > 0) == build.foreign(config), name
    assert all(ppo_binding.get_config(level).ppo.within == 0 for level in ppo_binding.LEVELS)
