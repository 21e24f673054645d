"""The tables of agents side by side: all in one, what they score on each task, and at what cost.

`lines` are dicts as `run` prints them.
"""

import statistics

from benchmarks.peers import settings
from memlearn.evaluation import comparison, findings, tables
from memlearn.evaluation.estimate import UNKNOWN


def of_lines(lines):
    """Return all `Table`s: the one of all agents, scores of our tasks, of games, and of both, and
    what each agent costs on each task."""
    lines = sorted(lines, key=lambda x: settings.AGENTS.index(x["agent"]))
    lines = [{**x, "variant": x["agent"]} for x in lines]
    ours, others = ([x for x in lines if (":" in x["task"]) == far] for far in (False, True))
    groups = {"peers-tasks": ours, "peers-cards": others}
    if ours and others:
        groups["peers-all"] = lines
    groups = {name: x for name, x in groups.items() if x}
    found = [table(name, x) for name, x in groups.items() for table in (scores, against)]
    return [overview(groups, lines), *filter(None, found), costs(lines)]


def overview(groups, lines):
    """Return what each agent scores in the mean of each group, and what it costs, a row each."""
    means = {
        name: {agent: list(row.values())[-1] for agent, row in _estimates(group).items()}
        for name, group in groups.items()
    }
    rows = []
    for agent in dict.fromkeys(line["agent"] for line in lines):
        mine = [line for line in lines if line["agent"] == agent]
        scored = [means[name].get(agent, UNKNOWN) for name in groups]
        sizes = [max(line[cost] for line in mine) for cost in ("parameters", "state_bytes")]
        rows.append((agent, len(mine), *scored, _speed(mine), *sizes))
    costs = "steps/s, median", "parameters, at most", "state bytes, at most"
    return tables.Table(
        label="peers",
        title="peers: all agents",
        columns=(
            "agent",
            "runs",
            *(f"mean of {name.removeprefix('peers-')}" for name in groups),
            *costs,
        ),
        rows=rows,
        best=True,
        note="Means over tasks are of seeds that met every task, with their 95 % interval; of one "
        "seed, there is none; of one task, it is over lifetimes.",
    )


def scores(name, lines):
    """Return what each agent scores."""
    found = _estimates(lines)
    return tables.Table(
        label=name,
        title=f"{name}: score in new lifetimes",
        columns=("agent", *next(iter(found.values()))),
        rows=[(agent, *row.values()) for agent, row in found.items()],
        best=True,
        note="Mean and 95 % interval over seeds; of one seed, over its lifetimes. memorax's PPO is "
        "not told which words are a choice, nor at which steps there is one.",
    )


def against(name, lines):
    """Return what each agent scores over the first; None if there is but one."""
    several = len({line["variant"] for line in lines}) > 1
    return findings.differences(name, lines) if several else None


def costs(lines):
    """Return what each agent costs on each task."""
    runs = {}
    for line in lines:
        runs.setdefault((line["task"], line["agent"]), []).append(line)
    return tables.Table(
        label="peers-costs",
        title="peers: steps, steps a second, parameters, and bytes of memory",
        columns=("task", "agent", "steps", "steps/s, median", "parameters", "state bytes"),
        rows=[
            (*which, each[-1]["steps"], _speed(each), each[-1]["parameters"],
             each[-1]["state_bytes"])
            for which, each in runs.items()
        ],
        note="memorax has two networks, actor and critic: parameters are of both, bytes of the one "
        "that acts. It draws a new lifetime in every step, to have it where one ends; we draw one "
        "where a window begins, and every 32 steps.",
    )  # fmt: skip


def _estimates(lines):
    return comparison.estimates(comparison.held_out(lines))


def _speed(lines):
    """Steps a second in the median of runs, of which some were beside other work."""
    return round(statistics.median(line["steps_per_second"] for line in lines))
