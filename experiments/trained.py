"""A trained run, as commands that look at it find it on disk."""

import functools
import os
import pathlib

import jax
from jax.sharding import SingleDeviceSharding

from experiments.configs import binding
from memlearn import build, recorded, worlds
from memlearn.learning import imitation
from memlearn.training import checkpoint, workdir
from memlearn.types import UserError


def find(folder):
    """Return the `pathlib.Path` of a run's workdir, and its configuration.

    Args:
      folder: str or path.

    Raises:
      UserError: if it is no workdir, or one of another version, has no checkpoint yet, or cannot
        be written.
    """
    folder = pathlib.Path(folder)
    config = workdir.read_config(folder)
    expected, found = workdir.flat(binding.get_config()), workdir.flat(config)
    if differs := sorted(expected.keys() ^ found.keys()):
        raise UserError(
            f"{folder} was trained by another version of memlearn, in whose configuration "
            f"{differs[0]} {'is missing' if differs[0] in expected else 'was a field'}; look at it "
            f"with the commit in {folder / 'commit.txt'}"
        )
    if not checkpoint.exists(folder / "checkpoints"):
        raise UserError(f"there is no checkpoint in {folder / 'checkpoints'}; train first")
    if not os.access(folder, os.W_OK):
        raise UserError(f"workdir {folder} cannot be written")
    return folder, config


def restore(folder, config):
    """Return the last `TrainState` of the run that `find` found."""
    init = functools.partial(imitation.init, build.policy(config), build.optimizer(config))
    shapes = jax.eval_shape(init, _batch(config), jax.random.key(0))
    here = SingleDeviceSharding(jax.devices()[0])
    like = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=here), shapes)
    return checkpoint.Checkpoints(folder / "checkpoints").restore(like)


def _batch(config):
    """Return steps as a run is given them, or their shapes."""
    if config.experience.folder:
        return recorded.examination(config, recorded.load(config), held_out=True, most=1)[0]
    env, world = build.environment(config), worlds.world(config, **worlds.SEEN)
    return jax.eval_shape(worlds.teaching(config, env, world), jax.random.key(0), 0)
