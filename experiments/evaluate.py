"""Evaluate a checkpoint: update, then retrieve, in two processes.

    python -m experiments.evaluate --checkpoint=runs/binding [--json]

One process lets the agent live through the experience of new lifetimes and saves its memory; this
one loads the checkpoint and that memory, and asks the questions. Prints a table, and draws
curves.png and, layer by layer, a lifetime of each task into the workdir. With --json, stdout is one
object, and the table goes to stderr.

Where a run learned from recorded experience, nothing is lived: it is asked at every question of
episodes that were recorded, of those it was trained on and of those held out. In an environment of
others it acts, what counts are the rewards of an episode, and no lifetime is drawn: see film.py.
"""

import pathlib
import subprocess
import sys
import tempfile

import jax
import numpy as np
from absl import flags
from flax import serialization

from experiments import command, trained
from memlearn import build, recorded, worlds
from memlearn.evaluation import agreement, curves, episodes, report, retrieval, strip, study
from memlearn.memory.slot_memory import SlotTrace
from memlearn.training import metrics
from memlearn.types import UserError

CHECKPOINT = flags.DEFINE_string("checkpoint", None, "the workdir of a run", required=True)
JSON = flags.DEFINE_bool("json", False, "print one JSON object, and the table to stderr")
LIFETIMES = flags.DEFINE_integer("lifetimes", 256, "lifetimes in each row", lower_bound=2)
SAVE = flags.DEFINE_string("save", None, "live only, and save to this file what was lived")


def main():
    folder, config = trained.find(CHECKPOINT.value)
    if SAVE.value:
        return live(folder, config, pathlib.Path(SAVE.value))
    look = examine if config.experience.folder else act if build.foreign(config) else retrieve
    command.tell(folder / "evaluation.json", *look(folder, config), as_json=JSON.value)


def retrieve(folder, config):
    """Let another process live, and ask of what it saved; return as `ask`."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".lived") as private:
        path = pathlib.Path(private, "lived.msgpack")
        arguments = f"--save={path}", f"--checkpoint={folder}", f"--lifetimes={LIFETIMES.value}"
        again = [sys.executable, "-m", "experiments.evaluate", *arguments]
        status = subprocess.run(again, check=False).returncode
        if status < 0:
            raise UserError(f"living was stopped by signal {-status}; fewer --lifetimes need less")
        if status:
            sys.exit(status)
        return ask(folder, config, path)


def live(folder, config, path):
    """Save to `path` what each row's lifetimes are before their questions: task -> row -> that."""
    policy, state = build.policy(config), trained.restore(folder, config)
    lived = {task: {} for task in build.tasks(config)}
    for task, row, env, world in command.track(every_row(config), "living"):
        left = retrieval.experience(env, policy, state.params, world, keys(row))
        lived[task][row] = jax.block_until_ready(left)
    saved = {"step": int(state.step), "lived": lived}
    path.write_bytes(serialization.to_bytes(saved))


def ask(folder, config, path):
    """Ask the questions of each row.

    Args:
      folder, config: of the run, as `trained.find` returned them.
      path: what `live` saved.

    Returns:
      what was found, as an object and as tables, and the paths of the pictures that were drawn.
    """
    policy, state = build.policy(config), trained.restore(folder, config)
    unlived = dict.fromkeys(worlds.CONDITIONS, retrieval.nothing(policy, LIFETIMES.value))
    like = {"step": int(state.step), "lived": dict.fromkeys(build.tasks(config), unlived)}
    saved = serialization.from_bytes(like, path.read_bytes())
    if saved["step"] != like["step"]:
        raise UserError(f"the run in {folder} went on while it was evaluated; evaluate again")
    scores = {task: {} for task in build.tasks(config)}
    for task, row, env, world in command.track(every_row(config), "asking"):
        lived = saved["lived"][task][row]
        scores[task][row] = retrieval.score(env, policy, state.params, world, keys(row), lived)
    found = report.as_json(config.task, saved["step"], scores)
    sizes = study.sizes(policy, state.params)
    tables = [report.as_table(task, saved["step"], rows, **sizes) for task, rows in scores.items()]
    return found, tables, draw(folder, config, policy, state, scores)


def examine(folder, config):
    """Ask the questions of recorded episodes; return as `ask`."""
    policy, state = build.policy(config), trained.restore(folder, config)
    experience, scores = recorded.load(config), {}
    for row in command.track(report.RECORDED, "asking"):
        part = dict(held_out=row == "heldout", most=LIFETIMES.value)
        batches = recorded.examination(config, experience, **part)
        scores[row] = agreement.score(policy, state.params, batches)
    source, step = experience.card["source"], int(state.step)
    sizes = study.sizes(policy, state.params)
    table = report.as_table(source, step, scores, **sizes, rows=report.RECORDED)
    curves.draw(metrics.read(folder), scores["heldout"].chance, folder / "curves.png")
    found = report.as_json(source, step, {source: scores})
    return found, [table], [folder / "curves.png"]


def act(folder, config):
    """Act in lifetimes of an environment of others; return as `ask`."""
    policy, state = build.policy(config), trained.restore(folder, config)
    env, step = build.environment(config), int(state.step)
    scores = episodes.scores(env, policy, state.params, keys("heldout"))
    sizes = study.sizes(policy, state.params)
    rows = dict(rows=report.EPISODES, what="rewards of")
    table = report.as_table(config.task, step, scores, **sizes, **rows)
    path = folder / "curves.png"
    curves.draw(metrics.read(folder), scores["all"].chance, path, answered=False)
    found = {name: score._asdict() for name, score in scores.items()}
    return {"task": config.task, "step": step, **found}, [table], [path]


def every_row(config):
    """Return the rows of every task: name of the task, of the row, environment, world."""
    tasks = {task: worlds.conditions(config, task) for task in build.tasks(config)}
    return [(task, row, *lived) for task, met in tasks.items() for row, lived in met.items()]


def keys(row):
    return worlds.row_keys(row, LIFETIMES.value)


def draw(folder, config, policy, state, scores):
    """Draw the training curves, and one held-out lifetime of each task; return the paths."""
    chance = np.mean([rows["heldout"].chance for rows in scores.values()])
    paths = [folder / "curves.png"]
    curves.draw(metrics.read(folder), chance, paths[0])

    for task in scores:
        record, traces = trained.lifetime(config, policy, state.params, task)
        for layer, sources in enumerate(build.sources(config)):
            if layer == 0 or isinstance(traces[layer], SlotTrace):
                paths.append(folder / f"{trained.picture(task, layer)}.png")
                strip.draw(record, traces[layer], sources, paths[-1])
    return paths


if __name__ == "__main__":
    command.run(main)
