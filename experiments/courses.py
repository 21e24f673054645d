"""Courses: what a run learns from. Lessons of a teacher, its own reward, or what was recorded."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax

from memlearn import build, recorded, worlds
from memlearn.evaluation import agreement, episodes, retrieval
from memlearn.learning import imitation, ppo
from memlearn.learning.state import TrainState
from memlearn.types import UserError


class Course(NamedTuple):
    """What the training loop needs of a run.

    Attributes:
      begin: function of a random key that returns the `TrainState` before the first update.
      draw: function of the state's key and its step that returns a batch for the update.
      shared: what else the update is given, the same at every step.
      validation: function that returns the function from params to a score.
    """

    begin: Callable[[jax.Array], TrainState]
    draw: Callable[[jax.Array, int], Any]
    shared: tuple[Any, ...]
    validation: Callable[[], Callable[[Any], jax.Array]]


def course(config, policy, optimizer):
    """Return the `Course` of a configuration.

    Raises:
      UserError: if there is no such learner, or nothing to learn from.
    """
    if config.experience.folder and config.learner != "imitation":
        raise UserError("what was recorded can only be imitated; set --config.learner=imitation")
    if config.task == "recorded" and not config.experience.folder:
        raise UserError("name the folder of what was recorded, by --config.experience.folder")
    if config.experience.folder:
        return _replay(config, policy, optimizer)
    return build.lookup(COURSES, config.learner, "learner")(config, policy, optimizer)


def _imitation(config, policy, optimizer):
    """Lifetimes in which a teacher answers."""
    draw = worlds.teaching(config, build.classroom(config), worlds.world(config, **worlds.SEEN))
    return Course(
        begin=lambda key: imitation.init(policy, optimizer, draw(key, 0), key),
        draw=draw,
        shared=(),
        validation=functools.partial(_validation, config, policy),
    )


def _ppo(config, policy, optimizer):
    """Lifetimes in which the agent answers, and is rewarded."""
    env, world = build.classroom(config), worlds.world(config, **worlds.SEEN)
    first = build.curriculum(config)(world, 0)
    window = config.ppo.window or env.length
    if not 1 <= window <= env.length:
        raise UserError(f"ppo.window must be at most {env.length}, the steps of a lifetime, or 0")
    if not 0 <= config.ppo.burn_in < window:
        raise UserError(f"ppo.burn_in must be less than the {window} steps of a window")
    if config.ppo.burn_in and not build.foreign(config) and env.length % window == 0:
        raise UserError(
            f"ppo.burn_in: a lifetime of {env.length} steps begins where a window does, and its "
            "first steps would never be learned from; set another --config.ppo.window"
        )
    if config.ppo.predicts == "next" and window - config.ppo.burn_in < 2:
        raise UserError("ppo.predicts=next takes a window of 2 steps after ppo.burn_in")
    return Course(
        begin=lambda key: ppo.init(policy, optimizer, env, first, key, config.batch),
        draw=lambda key, step: jax.random.split(jax.random.fold_in(key, step), config.batch),
        shared=(world,),
        validation=functools.partial(_validation, config, policy),
    )


def _replay(config, policy, optimizer):
    """Steps that somebody recorded."""
    experience = recorded.load(config)
    shape = recorded.examination(config, experience, held_out=True, most=1)[0]
    most = config.validation_lifetimes
    asked = functools.partial(recorded.examination, config, experience, held_out=True, most=most)
    return Course(
        begin=lambda key: imitation.init(policy, optimizer, shape, key),
        draw=recorded.teaching(config, experience),
        shared=(),
        validation=lambda: agreement.validation(policy, asked()),
    )


def _validation(config, policy):
    env = build.environment(config)
    if build.foreign(config):
        return episodes.validation(env, policy, config.validation_lifetimes)
    worlds.conditions(config)  # what could not be evaluated is not worth training
    held_out = worlds.world(config, **worlds.VALIDATION)
    keys = jax.random.split(jax.random.key(1), config.validation_lifetimes)
    return retrieval.validation(env, policy, held_out, keys)


COURSES = {"imitation": _imitation, "ppo": _ppo}
