"""The tables of agents side by side: what they score, over the first of them, and what they cost.

`lines` are dicts as `run` prints them.
"""

from benchmarks.peers import settings
from memlearn.evaluation import comparison, estimate, findings, tables
from memlearn.evaluation.estimate import Estimate


def of_lines(lines):
    """Return all `Table`s: scores of our tasks, of games, of both, and what each agent costs."""
    lines = sorted(lines, key=lambda x: settings.AGENTS.index(x["agent"]))
    lines = [{**x, "variant": x["agent"]} for x in lines]
    ours, others = ([x for x in lines if (":" in x["task"]) == far] for far in (False, True))
    groups = {"peers-tasks": ours, "peers-cards": others}
    if ours and others:
        groups["peers-all"] = lines
    found = [table(name, x) for name, x in groups.items() if x for table in (scores, against)]
    return [*filter(None, found), costs(lines)]


def scores(name, lines):
    """Return what each agent scores."""
    found = comparison.estimates(comparison.held_out(lines))
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
    speeds = {
        which: estimate.over_seeds([Estimate(x["steps_per_second"]) for x in each])
        for which, each in runs.items()
    }
    return tables.Table(
        label="peers-costs",
        title="peers: steps, steps a second, parameters, and bytes of memory",
        columns=("task", "agent", "steps", "steps/s", "parameters", "state bytes"),
        rows=[
            (*which, each[-1]["steps"], speeds[which], each[-1]["parameters"],
             each[-1]["state_bytes"])
            for which, each in runs.items()
        ],
        note="memorax has two networks, actor and critic: parameters are of both, bytes of the one "
        "that acts. It draws a new lifetime in every step, to have it where one ends; we draw one "
        "where a window begins, and every 32 steps.",
    )  # fmt: skip
