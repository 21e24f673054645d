"""From the names in a configuration to the objects they stand for; of memories, see `memories`.

To plug in a task or an encoder of one's own, add a line here, or of a memory, there.
"""

import functools
import itertools

import optax
from flax.core import FrozenDict

from memlearn import memories
from memlearn.data.recorded.mapping import MODALITIES
from memlearn.encoders.fuse import EventEncoder
from memlearn.encoders.image import ImageEncoder
from memlearn.encoders.speech import SpeechEncoder
from memlearn.encoders.text import BytesEncoder, TextEncoder
from memlearn.encoders.vector import ActionEncoder, ScalarEncoder, VectorEncoder
from memlearn.learning import augment, imitation, ppo
from memlearn.learning.curriculum import meet
from memlearn.memory.slot_memory import SlotMemory
from memlearn.policy import MultimodalPolicy
from memlearn.tasks import crossmodal, language
from memlearn.tasks.adapters import Adapted
from memlearn.tasks.binding import binding
from memlearn.tasks.counting import counting
from memlearn.tasks.level import Level
from memlearn.tasks.libraries import LIBRARIES
from memlearn.tasks.lifetime import Lifetime
from memlearn.tasks.order import order
from memlearn.tasks.rebinding import rebinding
from memlearn.tasks.rule import rule
from memlearn.tasks.selection import selection
from memlearn.types import SENSES, UserError

TASKS = {
    "binding": binding,
    "rebinding": rebinding,
    "order": order,
    "counting": counting,
    "selection": selection,
    "rule": rule,
    **crossmodal.TASKS,
}
# The names of several of them at once; of all, those that the senses of a run are enough for.
SEVERAL = {"mixture": tuple(TASKS), "crossmodal": tuple(crossmodal.TASKS)}

# A run has the first of them as far as they are its senses, and all others.
ENCODERS = {
    "image": lambda config: ImageEncoder(config.width, config.channels),
    "name": lambda config: BytesEncoder(config.width),
    "speech": lambda config: SpeechEncoder(config.width, config.channels),
    "text": lambda config: TextEncoder(config.width, language.vocabulary(config.words)),
    "vector": lambda config: VectorEncoder(config.width),
    "action": lambda config: ActionEncoder(config.width, config.words),
    "reward": lambda config: ScalarEncoder(config.width),
}


def encoders(config):
    """Return the encoders of what a run perceives: by its senses, or as its experience has it."""
    recorded = config.experience
    if foreign(config):
        seen = environment(config).modalities
        return {name: lookup(ENCODERS, name, "modality")(config) for name in seen}
    if not recorded.folder:
        met = [name for name in ENCODERS if name not in SENSES or name in config.senses]
        return {name: ENCODERS[name](config) for name in met}
    table = {name: ENCODERS[name](config) for name in MODALITIES if recorded[name]}
    if recorded.text_length and "text" in table:
        table["text"] = BytesEncoder(config.width)
    return table


def lookup(table, name, what):
    """Return `table[name]`, or raise a `UserError` that lists the names there are."""
    if name not in table:
        raise UserError(f"no {what} is called {name!r}; there are: {', '.join(table)}")
    return table[name]


def _pairs(field, found, example):
    """What a field of pairs of a name and a value says, as a dict."""
    if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in found):
        raise UserError(f"{field} must be pairs, as {example}; got {found}")
    return dict(found)


def tasks(config):
    """Return the names of the tasks that an agent is trained on."""
    if foreign(config):
        raise UserError(f"only train, evaluate and film know environments of others, {config.task}")
    for name in config.later:
        lookup(TASKS, name, "task")
    names = lookup({**{name: (name,) for name in TASKS}, **SEVERAL}, config.task, "task")
    able = tuple(n for n in names if set(crossmodal.PAIRS.get(n, ())) <= set(config.senses))
    if not able:
        raise UserError(
            f"{config.task} takes more senses than {config.senses}; see --config.senses"
        )
    return able


def shares(config):
    """Return how often each of the run's tasks is met: name -> share, relative to the others."""
    told = _pairs("task_shares", config.task_shares, "(('rule', 3.0),)")
    for name in told:
        lookup(TASKS, name, "task")
    met = {**dict.fromkeys(TASKS, 1.0), **told}
    met = {name: met[name] for name in tasks(config)}
    if min(met.values()) < 0 or max(met.values()) == 0:
        raise UserError(f"task_shares must not be negative, nor all 0; got {config.task_shares}")
    return met


def foreign(config):
    """Return whether a run is in an environment of others, such as `gymnax:MemoryChain-bsuite`."""
    return ":" in config.task


def environment(config, classes_factor=1, delay_factor=1, easier=()):
    """Return the `Lifetime` of a run's tasks, at a multiple of the configured level.

    An environment of others is `Adapted`, and has no level.

    Args:
      config: the configuration.
      classes_factor, delay_factor: of the level.
      easier: levels beside it, parts of the configured one.
    """
    if foreign(config):
        env = _adapted(config.task, config.episodes, config.env_params)
        if env.words > config.words:
            raise UserError(f"{config.task} has {env.words} actions; set --config.words to that")
        return env
    if config.experience.folder:
        raise UserError("a run on recorded experience plays no tasks: only evaluate looks at it")
    names, most = tasks(config), config.words // 2
    # Evaluation asks for twice the classes, each with a word of its own.
    if not 2 <= config.classes <= most:
        raise UserError(f"classes must be between 2 and words / 2 = {most}; got {config.classes}")
    for task, name in (("counting", "showings"), ("rule", "kinds")):  # answered by words
        if task in names and not 1 <= config[name] <= config.words:
            raise UserError(f"{name} must be between 1 and words = {config.words}")
    level = Level(**{name: config[name] for name in Level._fields})
    levels = *map(level.part, easier), level.times(classes_factor, delay_factor)
    return _lifetime(names, levels)


@functools.cache  # what is compiled for an environment serves wherever it is met
def _adapted(task, episodes, settings):
    library, _, name = task.partition(":")
    settings = _pairs("env_params", settings, "(('memory_length', 9),)")
    return Adapted(lookup(LIBRARIES, library, "library")(name, **settings), episodes)


@functools.cache  # as above, for every row of its level
def _lifetime(names, levels):
    every = itertools.product(levels, names)
    writers = tuple(functools.partial(TASKS[name], level=level) for level, name in every)
    return Lifetime(writers, levels[-1].words)


def classroom(config):
    """Return the environment that a run is trained in: at every level of its curriculum."""
    return environment(config, easier=config.easier)


def curriculum(config):
    """Return the function from a world and a step to that world as it is met at that step."""
    if foreign(config):
        return lambda world, step: world
    later = tuple(name in config.later for name in tasks(config))
    return functools.partial(
        meet, later=later, later_after=config.later_after,
        levels=1 + len(config.easier), easier_until=config.easier_until,
    )  # fmt: skip


def policy(config):
    """Return the `MultimodalPolicy` of a configuration."""
    memory = lookup(memories.MEMORIES, config.memory.kind, "memory")
    if not 1 <= len(config.channels) <= 4:
        raise UserError(f"channels must have 1 to 4 levels; got {len(config.channels)}")
    senses, layers = FrozenDict(encoders(config)), []
    for _ in range(config.memory.layers):
        recalled = layers[-1].parts if layers else 0
        layers.append(memory(config, dict(perceived=len(senses), recalled=recalled)))
    if config.memory.knowledge:
        recalled = dict(perceived=len(senses), recalled=layers[-1].parts)
        layers.append(memories.knowledge(config, recalled))
    perceive, predicts = EventEncoder(config.width, senses), bool(config.ppo.predicts)
    return MultimodalPolicy(perceive, tuple(layers), config.words, predicts)


def sources(config):
    """Return the names of what keys and queries are made of, a list for each layer of memory."""

    def names(memory):
        recalled = [f"recalled {bank}" for bank in range(memory.recalled)]
        every = [*encoders(config), *recalled]
        clock = isinstance(memory, SlotMemory) and memory.addressing == "clock"
        when = ["when"] if clock else []
        return [f"{name}{lag}" for lag in ("", " before") for name in every] + when

    return [names(memory) for memory in policy(config).memories]


def optimizer(config):
    """Return AdamW with warm-up, cosine decay to a fiftieth, and clipped gradients."""
    rate = config.learning_rate
    warmup = max(1, min(config.warmup, config.updates // 2))
    # PPO takes several steps along a gradient for every update.
    steps = config.ppo.epochs * config.ppo.minibatches if config.learner == "ppo" else 1
    schedule = optax.warmup_cosine_decay_schedule(
        rate / warmup, rate, steps * warmup, steps * config.updates, rate / 50
    )
    adamw = optax.adamw(schedule, weight_decay=config.weight_decay)
    return optax.chain(optax.clip_by_global_norm(config.clip), adamw)


def update(config, policy, optimizer):
    """Return the update of `learning/imitation.py` or `learning/ppo.py`."""
    names = "balance_weight", "value_weight", "write_price", "slot_price"
    weights = {name: config[name] for name in names}
    agent = dict(policy=policy, optimizer=optimizer)
    if config.learner != "ppo":
        lived = dict(nested=config.nested, window=config.window)
        return functools.partial(imitation.update, **agent, **weights, **lived)
    env, settings = classroom(config), dict(config.ppo)
    settings["window"] = settings["window"] or env.length
    of_loss = ("clip", "entropy_weights", "prediction_weight")
    of_loss = {name: settings.pop(name) for name in of_loss}
    return functools.partial(
        ppo.update, **agent, **settings, env=env, updates=config.updates, chapters=config.chapters,
        terms=ppo.Terms(**of_loss, **weights), see=_sight(config), curriculum=curriculum(config),
    )  # fmt: skip


def _sight(config):
    """How an agent that acts sees: classes of ours from here and there, all else as it is."""
    if foreign(config):
        return lambda keys, steps: steps
    amounts = dict(zoom=config.zoom, shift=config.shift, recolor=config.recolor)
    return functools.partial(augment.see, **amounts)
