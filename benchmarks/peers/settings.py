"""What is compared: agents, tasks, and the configuration that all of them share."""

from typing import Any, NamedTuple

from experiments.configs import cards, ppo_binding
from memlearn import build

# The library, and the memory by the name that it has there.
AGENTS = (
    *("memlearn learned", "memlearn gru", "memlearn window"),
    *("memorax gru", "memorax lru", "memorax s5", "memorax shm", "memorax attention"),
)
SUITE = "binding", "rebinding", "order", "selection", "rule"
CARDS = (
    *("popgym:RepeatPreviousEasy", "popgym:RepeatFirstEasy", "popgym:AutoencodeEasy"),
    *("popgym:ConcentrationEasy", "popgym:CountRecallEasy", "popgym:HigherLowerEasy"),
)


class Trained(NamedTuple):
    """An agent, and what it took to train it.

    Attributes:
      policy: a `MultimodalPolicy`, or what can be called as one.
      params: its parameters.
      steps_per_second: of the environments, over all updates but the first, which compiles.
      parameters: how many it has; where actor and critic are apart, of both.
      state_bytes: of its memory of one lifetime; likewise.
    """

    policy: Any
    params: Any
    steps_per_second: float
    parameters: int
    state_bytes: int


def configure(task, memory, seed, steps):
    """Return the configuration of a run; `steps` are those of its environments, at most."""
    config = (cards if ":" in task else ppo_binding).get_config()
    config.task, config.seed, config.memory.kind = task, seed, memory
    config.zoom = config.shift = 0.0  # memorax sees images as they are
    if memory != "learned":
        config.memory.addressing = ""  # as the design says: a rule of `cards` is for `learned`
    window = config.ppo.window or build.environment(config).length
    config.updates = max(2, steps // (window * config.batch))
    return config
