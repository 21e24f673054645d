"""Run agents of memlearn and of memorax on the same tasks; print who scores what, and how fast.

    python -m benchmarks.peers --peers=.venv-peers/bin/python [--tasks=TASK,...] [--agents=...]
        [--steps=100000] [--seeds=3] [--out=results/peers]

One run after the other, each in a process of its own. Appends a line for each to OUT.jsonl, and
leaves out those that are there: the same command goes on where it was stopped. Writes the tables
to OUT.md and OUT.tex.
"""

import itertools
import json
import pathlib
import subprocess
import sys

from absl import flags

from benchmarks import timing
from benchmarks.peers import settings
from experiments import command
from memlearn.evaluation import estimate, findings, tables
from memlearn.evaluation.estimate import Estimate
from memlearn.types import UserError

PEERS = flags.DEFINE_string("peers", ".venv-peers/bin/python", "the Python that has memorax")
AGENTS = flags.DEFINE_list("agents", list(settings.AGENTS), "a library and its memory, each")
TASKS = flags.DEFINE_list("tasks", [*settings.SUITE, *settings.CARDS], "as --config.task, each")
STEPS = flags.DEFINE_integer("steps", 100_000, "of all environments, in each run", lower_bound=1)
SEEDS = flags.DEFINE_integer("seeds", 3, "runs of each agent on each task", lower_bound=1)
OUT = flags.DEFINE_string("out", "results/peers", "where lines and tables are written")
MARKS = "variant", "task", "seed", "steps"


def main():
    stem = pathlib.Path(OUT.value)
    path = stem.with_suffix(".jsonl")
    path.parent.mkdir(parents=True, exist_ok=True)
    wanted = list(itertools.product(TASKS.value, range(SEEDS.value), AGENTS.value))
    for task, seed, agent in command.track(wanted, "runs"):
        mark = agent, task, seed, STEPS.value
        if mark not in {tuple(line[name] for name in MARKS) for line in read(path)}:
            line = {**run(agent, task, seed), "steps": STEPS.value, **timing.made()}
            with path.open("a") as file:
                file.write(json.dumps(line) + "\n")
    lines = chosen(read(path))
    found = [findings.scores("peers", lines), findings.differences("peers", lines), costs(lines)]
    for written in tables.write(stem, found):
        print("table    ", written)
    print(*map(tables.as_markdown, found), sep="\n")


def run(agent, task, seed):
    """Train an agent by the Python that has its library; return what it said of it.

    Raises:
      UserError: if there is no such Python, or the run fails.
    """
    python = sys.executable if agent.startswith("memlearn") else PEERS.value
    if not pathlib.Path(python).exists():
        raise UserError(f"there is no {python} with memorax; `make peers` installs it")
    asked = f"--agent={agent}", f"--task={task}", f"--seed={seed}", f"--steps={STEPS.value}"
    line = [python, "-m", "benchmarks.peers.run", *asked]
    ended = subprocess.run(line, stdout=subprocess.PIPE, check=False)
    if ended.returncode:
        raise UserError(f"{agent} did not get through {task}; the same command goes on there")
    return json.loads(ended.stdout.splitlines()[-1])


def read(path):
    """Return the lines of runs, a dict each; none if there is none."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def chosen(lines):
    """Return the lines of the agents and tasks that were asked for, as those of a study."""
    about = dict(mark="", size=f"{STEPS.value:,} steps", set=[])
    order = {agent: place for place, agent in enumerate(AGENTS.value)}
    met = [
        {**line, **about}
        for line in lines
        if line["variant"] in order
        and (line["task"], line["steps"]) in itertools.product(TASKS.value, [STEPS.value])
        and line["seed"] < SEEDS.value
    ]
    return sorted(met, key=lambda line: order[line["variant"]])


def costs(lines):
    """Return the `Table` of what each agent costs on each task."""
    rows = []
    for task, agent in itertools.product(TASKS.value, AGENTS.value):
        runs = [x for x in lines if (x["task"], x["variant"]) == (task, agent)]
        speed = estimate.over_seeds([Estimate(x["steps_per_second"]) for x in runs])
        rows.append((task, agent, speed, runs[-1]["parameters"], runs[-1]["state_bytes"]))
    return tables.Table(
        label="peers-costs",
        title="peers: steps per second, parameters, and bytes of memory",
        columns=("task", "agent", "steps/s", "parameters", "state bytes"),
        rows=rows,
        note="Of memorax both networks count, actor and critic, which share nothing.",
    )


if __name__ == "__main__":
    command.run(main)
