"""Libraries of environments, and how each is adapted. They are loaded when they are asked for."""

import importlib

from memlearn.tasks import adapters
from memlearn.tasks import popgym as games
from memlearn.types import UserError


def gymnax(name, **settings):
    """Return the `Foreign` of an environment of gymnax, such as `MemoryChain-bsuite`.

    Args:
      name: as gymnax has it.
      **settings: fields of its parameters, such as `memory_length`.
    """
    library = importlib.import_module("gymnax")
    if name not in library.registered_envs:
        raise UserError(f"gymnax has no {name!r}; it has: {', '.join(library.registered_envs)}")
    env, params = library.make(name)
    params = _changed(params, settings)
    if not hasattr(env.action_space(params), "n"):
        raise UserError(f"{name} has continuous actions, and an agent says words")
    return adapters.of_gymnax(env, params)


def _changed(params, settings):
    """Parameters, a flax dataclass, with some of their fields set."""
    known = params.__dataclass_fields__
    if unknown := [name for name in settings if name not in known]:
        raise UserError(f"no parameter is called {unknown[0]!r}; there are: {', '.join(known)}")
    return params.replace(**settings)


def popgym(name):
    """Return the `Foreign` of one of POPGym's games of cards, such as `RepeatPreviousEasy`."""
    if name not in games.TASKS:
        raise UserError(f"popgym has no {name!r} here; there are: {', '.join(games.TASKS)}")
    game = games.TASKS[name]
    return adapters.of_gymnax(game, game.default_params, lambda x: {"vector": game.vector(x)})


LIBRARIES = {"gymnax": gymnax, "popgym": popgym}  # what stands before the colon of a task
