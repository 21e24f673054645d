"""From the names in a configuration to the objects they stand for: the one table.

To plug in a memory, a task or an encoder of one's own, add a line here.
"""

import functools

import jax
import jax.numpy as jnp
import optax
from flax.core import FrozenDict

from memlearn.data import atlas
from memlearn.encoders.fuse import EventEncoder
from memlearn.encoders.image import ImageEncoder
from memlearn.encoders.text import TextEncoder
from memlearn.encoders.vector import ActionEncoder, ScalarEncoder, VectorEncoder
from memlearn.learning import imitation
from memlearn.learning.augment import look_around
from memlearn.memory import designs
from memlearn.memory.fixed import memax
from memlearn.memory.fixed.dnc import DNCMemory
from memlearn.memory.fixed.gru import GRUMemory
from memlearn.memory.fixed.lstm import LSTMMemory
from memlearn.memory.fixed.none import NoMemory
from memlearn.memory.keys import Addresses
from memlearn.memory.slot_memory import SlotMemory
from memlearn.policy import MultimodalPolicy
from memlearn.tasks import language, play
from memlearn.tasks.binding import binding
from memlearn.tasks.counting import counting
from memlearn.tasks.level import Level
from memlearn.tasks.lifetime import Lifetime, LifetimeParams
from memlearn.tasks.order import order
from memlearn.tasks.rebinding import rebinding
from memlearn.tasks.rule import rule
from memlearn.tasks.selection import selection
from memlearn.types import UserError

TASKS = {
    "binding": binding,
    "rebinding": rebinding,
    "order": order,
    "counting": counting,
    "selection": selection,
    "rule": rule,
}
MIXTURE = "mixture"  # the name of all of them

ENCODERS = {
    "image": lambda config: ImageEncoder(config.width, config.channels),
    "text": lambda config: TextEncoder(config.width, language.vocabulary(config.words)),
    "vector": lambda config: VectorEncoder(config.width),
    "action": lambda config: ActionEncoder(config.width, config.words),
    "reward": lambda config: ScalarEncoder(config.width),
}


SIZES = ("banks", "slots", "value_width", "admission_rate", "top_banks")


_maps = functools.cache(Addresses)  # one module, so that all layers share its parameters


def _slot_memory(config, modalities, name):
    """A named design, but for the axes that the configuration sets to another rule."""
    memory = config.memory
    changed = {axis: memory[axis] for axis in designs.AXES if memory[axis]}
    sizes = {size: memory[size] for size in SIZES}
    if name == "one_bank":
        sizes.update(banks=1, slots=memory.banks * memory.slots, top_banks=0)
    if not 0 <= memory.top_banks <= memory.banks:
        raise UserError(f"memory.top_banks must be between 0 and memory.banks = {memory.banks}")
    try:
        design = designs.check({**designs.DESIGNS[name], **changed})
    except ValueError as error:
        raise UserError(str(error)) from error
    maps = _maps(memory.key_width)
    return SlotMemory(config.width, **modalities, **sizes, maps=maps, **design)


def _memax(config, modalities, name):
    return memax.MemaxMemory(
        config.width, **modalities, kind=name, recurrent_size=config.memory.hidden
    )


# Name -> function of the configuration and of the numbers of modalities that events have, a dict of
# `perceived` and `recalled`.
MEMORIES = {
    **{name: functools.partial(_slot_memory, name=name) for name in designs.DESIGNS},
    "none": lambda config, modalities: NoMemory(config.width, **modalities),
    "gru": lambda config, modalities: GRUMemory(
        config.width, **modalities, hidden=config.memory.hidden
    ),
    "lstm": lambda config, modalities: LSTMMemory(
        config.width, **modalities, hidden=config.memory.hidden
    ),
    "dnc": lambda config, modalities: DNCMemory(
        config.width,
        **modalities,
        slots=config.memory.banks * config.memory.slots,
        read_heads=config.memory.banks,
        word_width=config.memory.value_width,
        hidden=config.memory.hidden,
    ),
    **{name: functools.partial(_memax, name=name) for name in memax.KINDS},
}


_atlas = functools.cache(atlas.load)  # a split is read once


def lookup(table, name, what):
    """Return `table[name]`, or raise a `UserError` that lists the names there are."""
    if name not in table:
        raise UserError(f"no {what} is called {name!r}; there are: {', '.join(table)}")
    return table[name]


def tasks(config):
    """Return the names of the tasks that an agent is trained on."""
    for name in config.later:
        lookup(TASKS, name, "task")
    if config.task == MIXTURE:
        return tuple(TASKS)
    lookup({**TASKS, MIXTURE: None}, config.task, "task")
    return (config.task,)


def shares(config):
    """Return how often each of the run's tasks is met: name -> share, relative to the others."""
    for name, _ in config.task_shares:
        lookup(TASKS, name, "task")
    met = {**dict.fromkeys(TASKS, 1.0), **dict(config.task_shares)}
    met = {name: met[name] for name in tasks(config)}
    if min(met.values()) < 0 or max(met.values()) == 0:
        raise UserError(f"task_shares must not be negative, nor all 0; got {config.task_shares}")
    return met


def environment(config, classes_factor=1, delay_factor=1):
    """Return the `Lifetime` of a run's tasks, at a multiple of the configured level."""
    names, most = tasks(config), config.words // 2
    # Evaluation asks for twice the classes, each with a word of its own.
    if not 2 <= config.classes <= most:
        raise UserError(f"classes must be between 2 and words / 2 = {most}; got {config.classes}")
    for task, name in (("counting", "showings"), ("rule", "kinds")):  # answered by words
        if task in names and not 1 <= config[name] <= config.words:
            raise UserError(f"{name} must be between 1 and words = {config.words}")
    for name, least in (("delay", 0), ("mentions", 0), ("counted", 1), ("trials", 1)):
        if config[name] < least:
            raise UserError(f"{name} must be at least {least}; got {config[name]}")
    level = Level(**{name: config[name] for name in Level._fields})
    return _lifetime(names, level.times(classes_factor, delay_factor))


@functools.cache  # what is compiled for an environment serves every row of its level
def _lifetime(names, level):
    writers = tuple(functools.partial(TASKS[name], level=level) for name in names)
    return Lifetime(writers, level.words)


def world(config, classes, study, ask, task=None):
    """Return the `LifetimeParams` of one split.

    Args:
      config: the configuration.
      classes: `train`, `val` or `test`.
      study, ask: `seen` or `unseen`, the faces to study and to ask in.
      task: the only one to be met; None for all of the run's, by their shares.

    Raises:
      UserError: if the shares are not such.
    """
    images, faces = _atlas(config.data, classes, config.data_dir or None)[0], {}
    for kind in ("seen", "unseen"):
        faces[kind] = jnp.zeros(images.images.shape[1], bool).at[getattr(images, kind)].set(True)
    met = [share if task is None else task == name for name, share in shares(config).items()]
    return LifetimeParams(images.images, faces[study], faces[ask], jnp.array(met, float))


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
    rows = {}
    for name, (split, level) in {**CONDITIONS, "validation": (VALIDATION, {})}.items():
        env, classes = environment(config, **level), world(config, **split, task=task)
        if env.length > classes.images.shape[0]:
            raise UserError(
                f"evaluation ({name}) needs {env.length} classes and there are "
                f"{classes.images.shape[0]}; lower --config.delay, --config.classes, or what else "
                f"makes lifetimes of {config.task} long"
            )
        rows[name] = env, classes
    del rows["validation"]  # it belongs to training
    return rows


def teaching(config, env, world):
    """Return the function from a key and a step to a batch of taught lifetimes.

    The batch is a `TimeStep`, arrays `[B, T, ...]`. Tasks of `config.later` are not in it before
    step `config.later_after`, unless they are all there is. How often the teacher tries an answer
    moves evenly from the first of `config.trial_rates` to the last.

    Raises:
      UserError: if these are not two rates.
    """
    later = jnp.array([name in config.later for name in tasks(config)])
    if len(config.trial_rates) != 2 or not all(0 <= rate <= 1 for rate in config.trial_rates):
        raise UserError(f"trial_rates must be two, between 0 and 1; got {config.trial_rates}")
    first, last = config.trial_rates

    @jax.jit
    def draw(key, step, world):
        key = jax.random.fold_in(key, step)
        key_lifetimes, key_teacher, key_look = jax.random.split(key, 3)
        # Before what it builds on is known, a task has nothing to teach but to ignore memory.
        early = jnp.where(later & (step < config.later_after), 0.0, world.tasks)
        met = world.replace(tasks=jnp.where(early.any(), early, world.tasks))
        states = play.reset(env, met, jax.random.split(key_lifetimes, config.batch))
        teacher = play.teacher(first + (last - first) * step / config.updates)
        carry = play.new_teacher(key_teacher, config.batch, env.words)
        steps = play.play(env, met, states, teacher, carry, env.length)[2].steps
        images = look_around(key_look, steps.observation["image"], config.zoom, config.shift)
        return steps._replace(observation={**steps.observation, "image": images})

    return functools.partial(draw, world=world)


def policy(config):
    """Return the `MultimodalPolicy` of a configuration."""
    memory = lookup(MEMORIES, config.memory.kind, "memory")
    axes = [axis for axis in designs.AXES if config.memory[axis]]
    if axes and config.memory.kind not in designs.DESIGNS:
        raise UserError(f"memory.{axes[0]} says nothing about {config.memory.kind!r}; leave it out")
    if not 1 <= len(config.channels) <= 4:
        raise UserError(f"channels must have 1 to 4 levels; got {len(config.channels)}")
    encoders = FrozenDict({name: encoder(config) for name, encoder in ENCODERS.items()})
    layers = []
    for _ in range(config.memory.layers):
        recalled = layers[-1].parts if layers else 0
        layers.append(memory(config, dict(perceived=len(ENCODERS), recalled=recalled)))
    return MultimodalPolicy(EventEncoder(config.width, encoders), tuple(layers), config.words)


def sources(config):
    """Return the names of what keys and queries are made of, a list for each layer of memory."""

    def names(memory):
        modalities = [*ENCODERS, *(f"recalled {bank}" for bank in range(memory.recalled))]
        return [f"{name}{lag}" for lag in ("", " before") for name in modalities]

    return [names(memory) for memory in policy(config).memories]


def optimizer(config):
    """Return AdamW with warm-up, cosine decay to a fiftieth, and clipped gradients."""
    rate = config.learning_rate
    warmup = max(1, min(config.warmup, config.updates // 2))
    schedule = optax.warmup_cosine_decay_schedule(
        rate / warmup, rate, warmup, config.updates, rate / 50
    )
    adamw = optax.adamw(schedule, weight_decay=config.weight_decay)
    return optax.chain(optax.clip_by_global_norm(config.clip), adamw)


def update(config, policy, optimizer):
    """Return the update of `learning/imitation.py`, a function of a state and a batch."""
    names = "balance_weight", "value_weight", "write_price", "nested"
    settings = {name: config[name] for name in names}
    return functools.partial(imitation.update, policy=policy, optimizer=optimizer, **settings)
