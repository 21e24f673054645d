"""What is compared: agents, tasks, and the configuration that all of them share."""

import time
from typing import Any, NamedTuple

import jax

from experiments.configs import cards, ppo_binding
from memlearn import build

SUITE_STEPS = 99_840  # of each task of ours; as many as of most games, and few for what is hard
# The library, and the memory by the name that it has there; `clock`, which the others are compared
# with, is `learned` with time as a source of addresses.
AGENTS = (
    *("memlearn clock", "memlearn learned", "memlearn gru", "memlearn window"),
    *("memorax gru", "memorax lru", "memorax s5", "memorax shm", "memorax attention"),
)
SUITE = "binding", "rebinding", "order", "selection", "rule"
CARDS = (
    *("popgym:RepeatPreviousEasy", "popgym:RepeatFirstEasy", "popgym:AutoencodeEasy"),
    *("popgym:ConcentrationEasy", "popgym:CountRecallEasy", "popgym:HigherLowerEasy"),
)
ACTIONS = 52  # the most that one of the games has


class Trained(NamedTuple):
    """An agent, and what it took to train it.

    Attributes:
      policy: a `MultimodalPolicy`, or what can be called as one.
      params: its parameters.
      steps_per_second: of the environments, over all updates but the first, which compiles.
      parameters: how many it has; where actor and critic are apart, of both.
      state_bytes: of the memory of one lifetime that it acts with.
    """

    policy: Any
    params: Any
    steps_per_second: float
    parameters: int
    state_bytes: int


def configure(task, memory, seed, steps=0):
    """Return the configuration of a run.

    Args:
      task: as `config.task`.
      memory: of `AGENTS`, without the library.
      seed: of the run.
      steps: of its environments, at most; 0 for `SUITE_STEPS`, or as many as `cards` has.
    """
    config = ppo_binding.get_config()
    config.task = task
    if build.foreign(config):
        config = cards.get_config()
        config.task, config.words = task, ACTIONS
    else:
        steps = steps or SUITE_STEPS
    config.seed = seed
    config.zoom = config.shift = 0.0  # memorax sees images as they are
    config.memory.kind = "learned" if memory == "clock" else memory
    config.memory.addressing = "clock" if memory == "clock" else ""
    if steps:
        config.updates = max(2, steps // steps_each(config))
    return config


def window(config):
    """Return the steps of each environment in an update."""
    return config.ppo.window or build.environment(config).length


def steps_each(config):
    """Return the steps of all environments in an update."""
    return config.batch * window(config)


def timed(config, update, state):
    """Take all updates; return the state after them, and the steps a second of all but the first.

    Args:
      config: of the run.
      update: function of a state and the number of the update that returns the next state.
      state: before the first, which compiles.
    """
    for step in range(config.updates):
        if step == 1:
            start = time.perf_counter()
        state = jax.block_until_ready(update(state, step))
    seconds = time.perf_counter() - start
    return state, (config.updates - 1) * steps_each(config) / seconds
