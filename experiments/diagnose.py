"""Show what structure the memory of a checkpoint learned, over lifetimes of held-out classes.

    python -m experiments.diagnose --checkpoint=runs/binding [--json] [--lifetimes=64]

Of every layer of slots: of which sources its keys and queries are made, what it admits, which banks
are written and asked when, how many slots are used, and how long what is written lives. Of every
task: how much is answered right, and how much if one layer recalls nothing. Writes structure.json,
and structure-layer0.png and so on, into the workdir, and prints how many banks take part in effect,
and what is answered. With --json, stdout is one object, and the rest goes to stderr.
"""

import jax
import numpy as np
from absl import flags

from experiments import command, trained
from memlearn import build, worlds
from memlearn.evaluation import diagnostics, retrieval, structure, study
from memlearn.memory.slot_memory import SlotMemory, silenced
from memlearn.types import UserError

CHECKPOINT = flags.DEFINE_string("checkpoint", None, "the workdir of a run", required=True)
JSON = flags.DEFINE_bool("json", False, "print one JSON object, and the rest to stderr")
LIFETIMES = flags.DEFINE_integer("lifetimes", 64, "lifetimes of each task", lower_bound=1)


def main():
    folder, config = trained.find(CHECKPOINT.value)
    policy = build.policy(config)
    if not isinstance(policy.memories[0], SlotMemory):
        raise UserError(
            f"a memory {config.memory.kind!r} is of no design, and so has no structure to show"
        )
    state = trained.restore(folder, config)
    measured = measure(config, policy, state.params)
    found = {
        **{"task": config.task, "step": int(state.step), "lifetimes": LIFETIMES.value},
        "answered": answered(config, policy, state.params),
        "layers": [{"layer": layer, **learned} for layer, learned in measured.items()],
    }
    pictures = {layer: folder / f"structure-layer{layer}.png" for layer in measured}
    title = f"{config.task} after {state.step} updates, {LIFETIMES.value} held-out lifetimes a task"
    for layer, picture in pictures.items():
        structure.draw(measured[layer], f"layer {layer} of {title}", picture)
    lines = [f"layer {layer}   {structure.balance(measured[layer])}" for layer in measured]
    lines.append(_in_the_mean(found["answered"].values()))
    command.tell(folder / "structure.json", found, lines, pictures.values(), as_json=JSON.value)


def measure(config, policy, params):
    """Live through held-out lifetimes of every task; return layer -> what it learned."""
    keys = worlds.row_keys("heldout", LIFETIMES.value)
    env, records, traces = build.environment(config), {}, {}
    for task in command.track(build.tasks(config), "living"):
        world = worlds.world(config, **worlds.HELD_OUT, task=task)
        watched = retrieval.watch(env, policy, params, world, keys)
        records[task], traces[task] = jax.device_get(watched)
    sources, state_bytes = build.sources(config), study.layer_bytes(policy)

    def of(layer):
        mine = {task: trace[layer] for task, trace in traces.items()}
        return diagnostics.measure(records, mine, sources[layer], state_bytes[layer])

    return {layer: of(layer) for layer in range(config.memory.layers)}


def answered(config, policy, params):
    """Return of each task what is answered right `whole`, and `without` what each layer recalls.

    Whole lifetimes are lived so. What is right without the upper layer, the lower one answers, and
    the upper one can build on it.
    """
    env, keys = build.environment(config), worlds.row_keys("heldout", LIFETIMES.value)
    parts, agents = params["params"], [params]
    for name in (f"memories_{layer}" for layer in range(config.memory.layers)):
        agents.append({"params": {**parts, name: silenced(parts[name])}})

    scores = {}
    for task in command.track(build.tasks(config), "answering"):
        world = worlds.world(config, **worlds.HELD_OUT, task=task)
        score = retrieval.validation(env, policy, world, keys)
        whole, *without = [round(float(score(params)), 4) for params in agents]
        scores[task] = {"whole": whole, "without": without}
    return scores


def _in_the_mean(scores):
    """A line: what is answered in the mean over tasks."""
    whole = np.mean([score["whole"] for score in scores])
    without = enumerate(np.mean([score["without"] for score in scores], axis=0))
    lost = (f"{mean:.3f} if layer {layer} recalls nothing" for layer, mean in without)
    return ", ".join([f"answered  {whole:.3f} right in the mean over tasks", *lost])


if __name__ == "__main__":
    command.run(main)
