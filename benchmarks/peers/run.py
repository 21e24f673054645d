"""Train one agent on one task with one seed, and print what it scores in lifetimes that are new.

    python -m benchmarks.peers.run --agent='memorax gru' --task=popgym:RepeatPreviousEasy

`python -m benchmarks.peers` calls it for each of them.
"""

import importlib
import importlib.metadata
import json

from absl import flags

from benchmarks import timing
from benchmarks.peers import settings
from experiments import command
from memlearn import build, worlds
from memlearn.evaluation import episodes, report, retrieval

AGENT = flags.DEFINE_enum("agent", None, settings.AGENTS, "who", required=True)
TASK = flags.DEFINE_string("task", None, "as --config.task", required=True)
SEED = flags.DEFINE_integer("seed", 0, "of the run")
STEPS = flags.DEFINE_integer("steps", 0, "of all environments, at most; 0: as configured")
LIFETIMES = flags.DEFINE_integer("lifetimes", 256, "that it is scored in", lower_bound=2)
MODULES = {"memlearn": "benchmarks.peers.ours", "memorax": "benchmarks.peers.theirs"}


def main():
    library, memory = AGENT.value.split()
    config = settings.configure(TASK.value, memory, SEED.value, STEPS.value)
    trained = importlib.import_module(MODULES[library]).train(config)
    found = report.told(score(config, trained.policy, trained.params))
    line = dict(agent=AGENT.value, task=TASK.value, seed=SEED.value, asked=STEPS.value)
    line |= dict(steps=config.updates * settings.steps_each(config), heldout=found)
    for cost in ("steps_per_second", "parameters", "state_bytes"):
        line[cost] = getattr(trained, cost)
    print(json.dumps({**line, **timing.made(), library: importlib.metadata.version(library)}))


def score(config, policy, params):
    """Return the `Score` of lifetimes of held-out classes, or of new instances."""
    keys = worlds.row_keys("heldout", LIFETIMES.value)
    if build.foreign(config):
        return episodes.scores(build.environment(config), policy, params, keys)["all"]
    env, world = worlds.conditions(config)["heldout"]
    lived = retrieval.experience(env, policy, params, world, keys)
    return retrieval.score(env, policy, params, world, keys, lived)


if __name__ == "__main__":
    command.run(main)
