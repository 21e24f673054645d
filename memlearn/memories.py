"""Memories by name: what a configuration asks for, and the names there are."""

import functools

from memlearn.memory import designs
from memlearn.memory.fixed import memax
from memlearn.memory.fixed.dnc import DNCMemory
from memlearn.memory.fixed.gru import GRUMemory
from memlearn.memory.fixed.lstm import LSTMMemory
from memlearn.memory.fixed.none import NoMemory
from memlearn.memory.keys import Addresses
from memlearn.memory.knowledge import Knowledge
from memlearn.memory.slot_memory import SlotMemory
from memlearn.memory.store_memory import StoreMemory
from memlearn.types import UserError

SIZES = ("banks", "slots", "value_width", "admission_rate", "top_banks")


_maps = functools.cache(Addresses)  # one module, so that all layers share its parameters


def _slot_memory(config, modalities, name):
    """A named design, but for the axes that the configuration sets to another rule."""
    memory = config.memory
    changed = {axis: memory[axis] for axis in designs.AXES if memory[axis]}
    sizes = {size: memory[size] for size in SIZES}
    if name == "one_bank":
        sizes.update(banks=1, slots=memory.banks * memory.slots, top_banks=0)
    try:
        design = designs.check({**designs.DESIGNS[name], **changed})
    except ValueError as error:
        raise UserError(str(error)) from error
    maps, leads = _maps(memory.key_width), max(2, len(config.senses))
    return SlotMemory(config.width, **modalities, **sizes, maps=maps, leads=leads, **design)


def _store(config, modalities):
    memory = config.memory
    return StoreMemory(
        config.width,
        **modalities,
        banks=memory.banks,
        **_squared(memory, memory.slots),
        maps=_maps(memory.key_width),
        leads=max(2, len(config.senses)),
    )


def knowledge(config, modalities):
    """Return the layer of slots that all lifetimes share; `modalities` as for `MEMORIES`."""
    memory = config.memory
    return Knowledge(
        config.width,
        **modalities,
        questions=memory.banks,
        key_width=memory.key_width,
        **_squared(memory, memory.knowledge),
    )


def _squared(memory, side):
    """The sizes of a square of slots, or a `UserError` if halves of keys cannot find them."""
    if memory.key_width % 2:
        raise UserError(f"memory.key_width must be even; got {memory.key_width}")
    if not 1 <= memory.nearest <= side**2:
        raise UserError(f"memory.nearest must be from 1 to the {side**2} slots that there are")
    return dict(side=side, value_width=memory.value_width, nearest=memory.nearest)


def _memax(config, modalities, name):
    return memax.MemaxMemory(
        config.width, **modalities, kind=name, recurrent_size=config.memory.hidden
    )


# Name -> function of the configuration and of the numbers of modalities that events have, a dict of
# `perceived` and `recalled`.
MEMORIES = {
    **{name: functools.partial(_slot_memory, name=name) for name in designs.DESIGNS},
    "store": _store,
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
