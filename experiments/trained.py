"""A trained run, as commands that look at it find it on disk."""

import os
import pathlib
import sys

import jax
from flax import traverse_util
from jax.sharding import SingleDeviceSharding

from experiments import courses
from experiments.configs import binding
from memlearn import build, worlds
from memlearn.evaluation import retrieval
from memlearn.tasks import play
from memlearn.training import checkpoint, hosts, workdir
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


def warmed(course, folder, tell=True):
    """Return a `Course` that begins with the parameters of a trained run, if a folder is named.

    Parameters that only the course has begin anew, and those that only the run has are not used;
    if `tell`, both are said on stderr.

    Raises:
      UserError: if there is no such run, or its parameters have other shapes.
    """
    if not folder:
        return course
    known = traverse_util.flatten_dict(restore(*find(folder)).params)

    def begin(key):
        state = course.begin(key)
        params = traverse_util.flatten_dict(state.params)
        params = {name: known.get(name, begun) for name, begun in params.items()}
        return state._replace(params=traverse_util.unflatten_dict(params))

    begun = jax.eval_shape(course.begin, jax.random.key(0)).params
    begun = traverse_util.flatten_dict(begun)
    for name in sorted(begun.keys() & known.keys()):
        if known[name].shape != begun[name].shape:
            raise UserError(
                f"{'/'.join(name[1:])} has the shape {begun[name].shape}, and in {folder} "
                f"{known[name].shape}; give both runs the same sizes"
            )
    if tell and hosts.first():
        for parts, what in (
            (_parts(begun, known), f"is not in {folder}, and begins anew"),
            (_parts(known, begun), f"is in {folder}, and is not used"),
        ):
            for part in parts:
                print(part, what, file=sys.stderr)
    return course._replace(begin=begin)


def _parts(params, others):
    """Name the parts of a policy of which some parameters, by their paths, are not in another."""
    there = {name[1] for name in others}
    parts = sorted({name[1] for name in params.keys() - others.keys()})
    return [f"a part of {part}" if part in there else part for part in parts]


def restore(folder, config):
    """Return the last `TrainState` of the run that `find` found."""
    begin = courses.course(config, build.policy(config), build.optimizer(config)).begin
    shapes = jax.eval_shape(begin, jax.random.key(0))
    here = SingleDeviceSharding(jax.local_devices()[0])
    like = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=here), shapes)
    return checkpoint.Checkpoints(folder / "checkpoints").restore(like)


def picture(task, layer):
    """Return the name, without a suffix, of what is drawn of a lifetime, by a layer of memory."""
    return f"lifetime-{task.replace(':', '-')}" + (f"-layer{layer}" if layer else "")


def lifetime(config, policy, params, task, number=0):
    """Live one lifetime of held-out classes, or of an environment of others, and look back at it.

    Args:
      config: of the run.
      policy: its `MultimodalPolicy`.
      params: the parameters.
      task: which of its tasks.
      number: another lifetime for each.

    Returns:
      the `Record`, arrays `[T, ...]`, and the trace of every layer of memory.
    """
    env, world = build.environment(config), worlds.world(config, **worlds.HELD_OUT, task=task)
    key = jax.random.split(jax.random.key(3), number + 1)[-1:]
    watched = retrieval.watch(env, policy, params, world, key)
    record, traces = jax.device_get(jax.tree.map(lambda x: x[0], watched))
    if build.foreign(config):  # a lifetime that is over early goes on, and that has no part in it
        lived = play.number(record.steps.boundary) < env.episodes
        record, traces = jax.tree.map(lambda x: x[lived], (record, traces))
    return record, traces
