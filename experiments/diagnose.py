"""Show what structure the memory of a checkpoint learned, over lifetimes of held-out classes.

    python -m experiments.diagnose --checkpoint=runs/binding [--json] [--lifetimes=64]

Of every layer of slots: of which sources its keys and queries are made, what it admits, which banks
are written and asked when, how many slots are used, how long what is written lives, and how much is
answered right if this layer recalls nothing. Writes structure.json, and structure-layer0.png and so
on, into the workdir, and prints how many banks take part in effect, and what is answered. With
--json, stdout is one object, and the rest goes to stderr.
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
    found = {"task": config.task, "step": int(state.step), "lifetimes": LIFETIMES.value}
    found["answered"] = without(config, policy, state.params)
    found["layers"] = [{"layer": layer, **learned} for layer, learned in measured.items()]
    pictures = {layer: folder / f"structure-layer{layer}.png" for layer in measured}
    title = f"{config.task} after {state.step} updates, {LIFETIMES.value} held-out lifetimes a task"
    for layer, picture in pictures.items():
        structure.draw(measured[layer], f"layer {layer} of {title}", picture)
    lines = [f"layer {layer}   {structure.balance(measured[layer])}" for layer in measured]
    whole, *fewer = np.mean(list(found["answered"].values()), axis=0)
    lost = [f"{score:.3f} if layer {layer} recalls nothing" for layer, score in enumerate(fewer)]
    lines.append(", ".join([f"answered  {whole:.3f} right", *lost]))
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


def without(config, policy, params):
    """Return task -> how much is answered right, and how much if one layer recalls nothing, each.

    What a layer answers by itself the layers above can build on; what the last one answers, they
    cannot.
    """
    env, keys = build.environment(config), worlds.row_keys("heldout", LIFETIMES.value)
    agents, layers = [params], params["params"]
    for name in (f"memories_{layer}" for layer in range(config.memory.layers)):
        agents.append({"params": {**layers, name: silenced(layers[name])}})

    def answered(task, params):
        asked = env, policy, params, worlds.world(config, **worlds.HELD_OUT, task=task), keys
        right, _ = retrieval.answers(*asked, retrieval.experience(*asked), forget=False)
        return round(float(right.mean()), 4)

    tasks = command.track(build.tasks(config), "answering")
    return {task: [answered(task, params) for params in agents] for task in tasks}


if __name__ == "__main__":
    command.run(main)
