"""Worlds: the classes and faces that a run meets, in training and in each row of an evaluation."""

import functools

import jax
import jax.numpy as jnp

from memlearn import build
from memlearn.data import atlas
from memlearn.data.classes import speech
from memlearn.learning import windows
from memlearn.learning.augment import drop_senses, look_around, turn
from memlearn.tasks import play
from memlearn.tasks.lifetime import LifetimeParams, Sense
from memlearn.types import UserError

_atlas = functools.cache(atlas.load)  # a split is read once


def world(config, classes, study, ask, task=None):
    """Return the params of a run's environment, with the classes of one split.

    Args:
      config: the configuration.
      classes: `train`, `val` or `test`.
      study, ask: `seen` or `unseen`, the faces of images to study and to ask in; whether voices and
        languages were trained on goes by the former.
      task: the only one to be met; None for all of the run's, by their shares.

    Returns:
      `LifetimeParams`, or `()`: an environment of others is a world by itself.

    Raises:
      UserError: if the shares are not such.
    """
    if build.foreign(config):
        return ()
    met = [share if task is None else task == name for name, share in build.shares(config).items()]
    images, legend = _atlas(config.data, classes, config.data_dir or None)
    senses = {"image": Sense(images.forms, _faces(images, study), _faces(images, ask))}
    if "name" in config.senses:
        names = atlas.spell(legend)
        senses["name"] = Sense(names.forms, _faces(names, study), _faces(names, study), same=True)
    if "speech" in config.senses:
        spoken = _atlas(speech.PREFIX + config.data, classes, config.data_dir or None)[0]
        senses["speech"] = Sense(spoken.forms, _faces(spoken, study), _faces(spoken, study))
    return LifetimeParams(senses, jnp.array(met, float))


def _faces(loaded, kind):
    """Where there are forms in faces that are `seen` or `unseen`, bool `[C, F]`."""
    faces = jnp.zeros(loaded.there.shape[1], bool).at[getattr(loaded, kind)].set(True)
    return loaded.there & faces


# The rows of an evaluation. A held-out class, never trained on, is studied in a face of a family
# never trained on, and asked for in a face of another family.
SEEN = dict(classes="train", study="seen", ask="seen")
VALIDATION = dict(classes="val", study="unseen", ask="seen")
HELD_OUT = dict(classes="test", study="unseen", ask="seen")
CONDITIONS = {
    "seen": (SEEN, {}),
    "heldout": (HELD_OUT, {}),
    "classes_x2": (HELD_OUT, dict(classes_factor=2)),
    "delay_x4": (HELD_OUT, dict(delay_factor=4)),
}


def row_keys(row, lifetimes):
    """Return the keys of a row's lifetimes: the same for every run, so that runs compare."""
    key = jax.random.fold_in(jax.random.key(2), list(CONDITIONS).index(row))
    return jax.random.split(key, lifetimes)


def conditions(config, task=None):
    """Return the environment and the world of every row: name -> `(Lifetime, LifetimeParams)`.

    Args:
      config: the configuration.
      task: as for `world`.

    Raises:
      UserError: if a lifetime needs more classes than there are.
    """
    if build.foreign(config):
        build.tasks(config)  # tells who knows environments of others
    rows = {}
    for name, (split, level) in {**CONDITIONS, "validation": (VALIDATION, {})}.items():
        env, classes = build.environment(config, **level), world(config, **split, task=task)
        if env.length > classes.classes:
            raise UserError(
                f"evaluation ({name}) needs {env.length} classes and there are "
                f"{classes.classes}; lower --config.delay, --config.classes, or what else "
                f"makes lifetimes of {config.task} long"
            )
        rows[name] = env, classes
    del rows["validation"]  # it belongs to training
    return rows


def teaching(config, env, world):
    """Return the function from a key and a step to a batch of taught lifetimes.

    The batch is a `TimeStep`, arrays `[B, T, ...]`, of what the curriculum has for that step, each
    row as many lifetimes as there are `config.chapters`, lived as one. How often the teacher tries
    an answer moves evenly from the first of `config.trial_rates` to the last.

    Raises:
      UserError: if these are not two rates, or windows do not divide a row.
    """
    curriculum = build.curriculum(config)
    if len(config.trial_rates) != 2 or not all(0 <= rate <= 1 for rate in config.trial_rates):
        raise UserError(f"trial_rates must be two, between 0 and 1; got {config.trial_rates}")
    windows.check(config.window, config.chapters * env.length)
    first, last = config.trial_rates

    @jax.jit
    def draw(key, step, world):
        key = jax.random.fold_in(key, step)
        key_lifetimes, key_teacher, key_look = jax.random.split(key, 3)
        met = curriculum(world, step)
        count = config.batch * config.chapters
        states = play.reset(env, met, jax.random.split(key_lifetimes, count))
        teacher = play.teacher(first + (last - first) * step / config.updates)
        carry = play.new_teacher(key_teacher, count, env.words)
        steps = play.play(env, met, states, teacher, carry, env.length)[2].steps
        images = steps.observation["image"]
        if config.turn:
            images = turn(jax.random.fold_in(key_look, 4), images, config.turn)
        images = look_around(key_look, images, config.zoom, config.shift, config.recolor)
        key_drop = jax.random.fold_in(key_look, 3)
        present = drop_senses(key_drop, steps.present, config.senses, config.sense_dropout)
        steps = steps._replace(observation={**steps.observation, "image": images}, present=present)
        return play.as_one(steps, config.chapters)

    return functools.partial(draw, world=world)
