"""Whether the fields of a configuration can have the values that they have."""

import operator

from memlearn import build
from memlearn.learning import prediction
from memlearn.memory import designs
from memlearn.types import SENSES, UserError

# The least value of fields of the configuration.
LEAST = {
    **dict.fromkeys(("delay", "mentions", "warmup", "later_after", "easier_until"), 0),
    **dict(chapters=1, window=0),
    **dict.fromkeys(("balance_weight", "value_weight", "write_price", "slot_price"), 0),
    "ppo.prediction_weight": 0,
    **dict.fromkeys(("counted", "trials", "width", "batch", "validation_lifetimes"), 1),
    "episodes": 1,
    **dict.fromkeys(("log_every", "validate_every", "checkpoint_every"), 1),
    **dict.fromkeys([f"memory.{name}" for name in ("layers", "banks", "slots", "hidden")], 1),
    **dict.fromkeys(("memory.key_width", "memory.value_width", "experience.length"), 1),
    **dict.fromkeys(("experience.name_length", "experience.text_length"), 0),
    **{"memory.top_banks": 0, "memory.knowledge": 0},
    "updates": 2,  # one to warm up, and one
}


def check(config):
    """Raise a `UserError` if a field cannot have its value, whatever is built."""
    for name, least in LEAST.items():
        value = operator.attrgetter(name)(config)
        if value < least:
            raise UserError(f"{name} must be at least {least}; got {value}")
    memory = config.memory
    if memory.top_banks > memory.banks:
        raise UserError(f"memory.top_banks must be at most memory.banks = {memory.banks}")
    of_slots = [axis for axis in (*designs.AXES, "top_banks") if memory[axis]]
    of_slots = [f"memory.{name}" for name in of_slots] + ["nested"] * config.nested
    if of_slots and memory.kind not in designs.DESIGNS:
        raise UserError(f"{of_slots[0]} says nothing about {memory.kind!r}; leave it out")
    if not set(config.senses) <= set(SENSES) or "image" not in config.senses:
        raise UserError(
            f"senses must be some of {', '.join(SENSES)}, image among them; got {config.senses}"
        )
    check_curriculum(config)
    if not build.foreign(config) and (config.episodes > 1 or config.env_params):
        raise UserError("episodes and env_params are for environments of others; see --config.task")
    if config.experience.folder and (config.turn or config.sense_dropout):
        raise UserError("turn and sense_dropout are for tasks that are played; set them to 0")
    if config.chapters > 1 and config.experience.folder:
        raise UserError("chapters are for tasks that are played; set --config.chapters=1")
    if config.window and config.learner == "ppo":
        raise UserError("window is for imitation; PPO has --config.ppo.window")
    if config.learner == "ppo":
        check_ppo(config)
    elif config.ppo.predicts:
        raise UserError("ppo.predicts is for --config.learner=ppo")
    elif build.foreign(config):
        raise UserError(f"nobody teaches {config.task}; set --config.learner=ppo")
    if config.slot_price and memory.count != "learned":
        raise UserError("slot_price is a price on what memory.count=learned decides; set that too")
    for name in ("recolor", "sense_dropout", "turn"):
        if not 0 <= config[name] <= 1:
            raise UserError(f"{name} must be between 0 and 1; got {config[name]}")
    build.policy(config).initial_state(1)  # where a memory that is not installed is missed


def check_curriculum(config):
    """Raise a `UserError` if there is no such curriculum."""
    easier, until = config.easier, config.easier_until
    if (build.foreign(config) or config.experience.folder) and (easier or config.later):
        raise UserError("easier and later are for tasks of ours that are played; leave them out")
    if list(easier) != sorted({*easier}) or any(not 0 < part < 1 for part in easier):
        raise UserError(f"easier must be rising parts of 1, such as (0.25, 0.5); got {easier}")
    if bool(easier) != bool(until) or until >= config.updates:
        raise UserError(
            f"easier levels are left behind by easier_until, from 1 to {config.updates - 1}; got "
            f"{until}, and {easier}: set it, or --config.easier='()' --config.easier_until=0"
        )


def check_ppo(config):
    """Raise a `UserError` if what is particular to PPO cannot be."""
    settings = config.ppo
    for name in ("epochs", "minibatches"):
        if settings[name] < 1:
            raise UserError(f"ppo.{name} must be at least 1; got {settings[name]}")
    if config.batch % settings.minibatches:
        raise UserError(
            f"a batch of {config.batch} cannot be divided into {settings.minibatches} minibatches; "
            "see --config.ppo.minibatches"
        )
    for name in ("within", "across", "decay", "inertia"):
        if not 0 <= settings[name] <= 1:
            raise UserError(f"ppo.{name} must be between 0 and 1; got {settings[name]}")
    if build.foreign(config) and not settings.within:
        raise UserError(
            "ppo.within=0 judges actions by their own reward alone: for environments of others "
            "begin with experiments/configs/others.py, or set --config.ppo.within=0.9"
        )
    if settings.predicts not in prediction.KINDS:
        kinds = ", ".join(map(repr, prediction.KINDS))
        raise UserError(f"ppo.predicts must be one of {kinds}; got {settings.predicts!r}")
    weights = settings.entropy_weights
    if len(weights) != 2 or not all(isinstance(x, int | float) and x >= 0 for x in weights):
        raise UserError(f"ppo.entropy_weights must be two, of at least 0; got {weights}")
    if settings.clip <= 0:
        raise UserError(f"ppo.clip must be positive; got {settings.clip}")
    if config.nested or config.sense_dropout or config.turn:
        raise UserError("nested, sense_dropout and turn are for imitation; set them to nothing")
