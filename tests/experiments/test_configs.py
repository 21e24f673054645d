"""Every configuration has the fields of `binding`, and can be."""

import importlib
import pkgutil

import pytest

from experiments import configs
from experiments.configs import binding, emoji, mixture, offline, ppo_binding
from memlearn import checks
from memlearn.training import workdir

SIZES = {
    **{"emoji": emoji.SIZES, "mixture": mixture.SIZES},
    **{"offline": offline.MAPPINGS, "ppo_binding": ppo_binding.LEVELS},
}
CONFIGS = [(name, size) for name, sizes in SIZES.items() for size in sizes]
CONFIGS += [(name,) for _, name, _ in pkgutil.iter_modules(configs.__path__) if name not in SIZES]


@pytest.mark.parametrize("named", CONFIGS, ids=":".join)
def test_it_can_be(named):
    name, *size = named
    config = importlib.import_module(f"experiments.configs.{name}").get_config(*size)
    assert config.is_locked
    assert workdir.flat(config).keys() == workdir.flat(binding.get_config()).keys()
    checks.check(config)
