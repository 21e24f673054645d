"""Run agents of memlearn and of memorax on the same tasks; print who scores what, and how fast.

    python -m benchmarks.peers [--tasks=TASK,...] [--agents=AGENT,...] [--steps=0] [--seeds=3]
        [--peers=.venv-peers/bin/python] [--out=results/peers/peers]

One run after the other, each in a process of its own, all tasks before the next seed. Appends a
line for each to OUT.jsonl, and leaves out those that are there: the same command goes on where it
was stopped. Writes tables of all that is there of as many steps and of the same settings to OUT.md
and OUT.tex after every run. What was run with others stays in the file, and out of the tables;
sizes of memorax's memories, and its version, are no part of settings.
"""

import functools
import json
import pathlib
import subprocess
import sys

from absl import flags

from benchmarks.peers import report, settings
from experiments import command
from memlearn import build
from memlearn.evaluation import study, tables
from memlearn.types import UserError

PEERS = flags.DEFINE_string("peers", ".venv-peers/bin/python", "the Python that has memorax")
AGENTS = flags.DEFINE_list("agents", list(settings.AGENTS), "a library and its memory, each")
TASKS = flags.DEFINE_list("tasks", [*settings.SUITE, *settings.CARDS], "as --config.task, each")
STEPS = flags.DEFINE_integer("steps", 0, "of all environments of a run, at most; 0: as configured")
SEEDS = flags.DEFINE_integer("seeds", 3, "runs of each agent on each task", lower_bound=1)
OUT = flags.DEFINE_string("out", "results/peers/peers", "where lines and tables are written")


def main():
    for agent in AGENTS.value:
        build.lookup(dict.fromkeys(settings.AGENTS), agent, "agent")
    for task in [x for x in TASKS.value if ":" not in x]:
        build.lookup(build.TASKS, task, "task")
    path = pathlib.Path(f"{OUT.value}.jsonl")
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    lines = [line for line in lines if line.get("settings") == mark(line["task"], line["agent"])]
    there = {(x["task"], x["seed"], x["agent"]) for x in lines}
    every = [
        (task, seed, agent)
        for seed in range(SEEDS.value)
        for task in TASKS.value
        for agent in AGENTS.value
    ]
    for wanted in command.track([x for x in every if x not in there], "runs"):
        lines.append(run(*wanted, STEPS.value))
        with path.open("a") as file:
            file.write(json.dumps(lines[-1]) + "\n")
        tables.write(path.with_suffix(""), report.of_lines(lines))
    found = report.of_lines(lines)
    tables.write(path.with_suffix(""), found)
    print(*map(tables.as_markdown, found), path, sep="\n")


@functools.cache
def mark(task, agent):
    """Return a short name for what an agent is trained by on a task, whatever its seed."""
    return study.digest(settings.configure(task, agent.split()[1], 0, STEPS.value))


def run(task, seed, agent, steps):
    """Train an agent by the Python that has its library; return what it said of it.

    Raises:
      UserError: if there is no such Python, or the run fails.
    """
    python = sys.executable if agent.startswith("memlearn") else PEERS.value
    if not pathlib.Path(python).exists():
        raise UserError(f"there is no {python} with memorax; `make peers` installs it")
    asked = f"--agent={agent}", f"--task={task}", f"--seed={seed}", f"--steps={steps}"
    line = [python, "-m", "benchmarks.peers.run", *asked]
    ended = subprocess.run(line, stdout=subprocess.PIPE, check=False)
    if ended.returncode:
        raise UserError(f"{agent} did not get through {task}; the same command goes on there")
    return {**json.loads(ended.stdout.splitlines()[-1]), "settings": mark(task, agent)}


if __name__ == "__main__":
    command.run(main)
