"""A small world of drawn images, and a small run in it, for tests that need one."""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from experiments.configs import binding
from memlearn import build, worlds
from memlearn.learning import imitation
from memlearn.learning.state import TrainState
from memlearn.tasks.lifetime import LifetimeParams, Sense


class Run(NamedTuple):
    """What `experiments/train.py` builds, without its data."""

    config: Any
    env: Any
    policy: Any
    world: LifetimeParams
    draw: Any
    update: Any
    state: TrainState


def small_config():
    """The shipped configuration at a size at which a test compiles quickly."""
    config = binding.get_config()
    config.classes, config.delay, config.words, config.batch = 3, 1, 6, 8
    config.mentions, config.counted, config.showings = 4, 2, 3
    config.kinds, config.trials = 2, 2
    config.width, config.channels = 16, (4, 4)
    config.memory.banks, config.memory.slots = 2, 8
    config.memory.key_width, config.memory.value_width, config.memory.hidden = 8, 8, 16
    return config


def small_world(config):
    """Sixty classes of random patterns, in four faces that differ by noise; tasks equally often."""
    rng = np.random.default_rng(0)
    patterns = np.kron(rng.integers(0, 2, (60, 1, 4, 4, 1)), np.ones((1, 1, 8, 8, 3)))
    images = np.clip(patterns * 180 + rng.integers(0, 70, (60, 4, 32, 32, 3)), 0, 255)
    forms = {"image": images, "name": rng.integers(97, 123, (60, 4, 12)), "speech": images[..., 0]}
    faces = jnp.ones((60, 4), bool)
    senses = {
        name: Sense(jnp.asarray(forms[name], jnp.uint8), faces, faces) for name in config.senses
    }
    return LifetimeParams(senses, jnp.ones(len(build.tasks(config))))


@functools.cache  # compiled once for all memories
def lessons(**fields):
    """The environment, the world, and what draws batches, of the small configuration."""
    config = small_config()
    config.update_from_flattened_dict(fields)
    env, world = build.classroom(config), small_world(config)
    return env, world, worlds.teaching(config, env, world)


def small_run(**fields):
    """A `Run` of the small configuration, with some of its fields set."""
    config = small_config()
    config.update_from_flattened_dict(fields)
    lived = {name: value for name, value in fields.items() if not name.startswith("memory.")}
    env, world, draw = lessons(**lived)
    policy, optimizer = build.policy(config), build.optimizer(config)
    key = jax.random.key(config.seed)
    state = imitation.init(policy, optimizer, draw(key, 0), key)
    update = build.update(config, policy, optimizer)
    return Run(config, env, policy, world, draw, update, state)
