"""The variants of a study side by side: by task, over seeds, and in pairs.

What a study measured is kept as variant -> task -> seed -> `Estimate`, in the order of the lines.
The mean over tasks stands among the tasks, as `MEAN`. `lines` are the dicts of `study.read`.
"""

import numpy as np

from memlearn.evaluation import estimate
from memlearn.evaluation.estimate import Estimate

MEAN = "mean"


def newest(lines):
    """Return the lines of each variant's newest settings, the last `mark` it has.

    Args:
      lines: of a study.

    Returns:
      a list of those lines, the variants in the order in which they first appear in `lines`.
    """
    last = {line["variant"]: line["mark"] for line in lines}
    new = [line for line in lines if line["mark"] == last[line["variant"]]]
    return sorted(new, key=lambda line: list(last).index(line["variant"]))


def split(lines):
    """Return two lists of the newest lines: without a `budget`, of whole memories; and with one."""
    new = newest(lines)
    return [x for x in new if "budget" not in x], [x for x in new if "budget" in x]


def held_out(lines):
    """Return the held-out scores by variant, task and seed."""
    return _by_seed(lines, lambda line: estimate.of_score(line["heldout"]))


def control(lines, name):
    """Return what is scored without the lifetime's own memory, by variant, task and seed.

    Args:
      lines: of a study.
      name: `empty`, `other` or `chance`.
    """
    return _by_seed(lines, lambda line: Estimate(line["heldout"][name]))


def loses(lines, condition):
    """Return held-out minus extrapolated scores by variant, task and seed.

    Args:
      lines: of a study.
      condition: `classes_x2` or `delay_x4`.
    """
    far = _by_seed(lines, lambda line: estimate.of_score(line["extrapolation"][condition]))
    return {variant: _minus(near, far[variant]) for variant, near in held_out(lines).items()}


def against_first(lines):
    """Return what each other variant scores over the first one, by variant, task and seed."""
    (_, first), *others = held_out(lines).items()
    return {variant: _minus(scores, first) for variant, scores in others}


def estimates(measured):
    """Return variant -> task -> `Estimate` over seeds of what a function above returned."""
    return {
        variant: {
            task: estimate.over_seeds(list(seeds.values())) for task, seeds in by_task.items()
        }
        for variant, by_task in measured.items()
    }


def chance(lines):
    """Return task -> the score of guessing, which every variant and seed shares."""
    shared = [{**line, "variant": "all", "seed": "all"} for line in lines]
    return {task: guess["all"].mean for task, guess in control(shared, "chance")["all"].items()}


def capacity(lines):
    """Return variant -> task -> slots in each bank -> `Estimate` of the held-out score.

    Args:
      lines: of a study, with `budget`: the slots that were used in the evaluation.
    """
    each = [{**line, "variant": (line["variant"], line["budget"])} for line in lines]
    found = estimates(held_out(each))
    budgets = sorted({line["budget"] for line in lines})
    return {
        variant: {
            task: {
                slots: found[variant, slots][task] for slots in budgets if (variant, slots) in found
            }
            for task in chance(lines)
        }
        for variant in dict.fromkeys(line["variant"] for line in lines)
    }


def _by_seed(lines, value):
    tasks = list(dict.fromkeys(line["task"] for line in lines))
    measured = {}
    for line in lines:
        by_task = measured.setdefault(line["variant"], {task: {} for task in tasks})
        by_task[line["task"]][line["seed"]] = value(line)
    if len(tasks) > 1:
        for by_task in measured.values():
            by_task[MEAN] = _mean_over_tasks(list(by_task.values()))
    return measured


def _mean_over_tasks(by_task):
    """The mean of each seed that met every task: of other tasks it would be another mean."""
    complete = [seed for seed in by_task[0] if all(seed in seeds for seeds in by_task)]
    return {seed: Estimate(np.mean([seeds[seed].mean for seeds in by_task])) for seed in complete}


def _minus(scores, others):
    """Differences by task and seed, for the seeds that both have."""
    return {
        task: {
            seed: Estimate(score.mean - others[task][seed].mean)
            for seed, score in seeds.items()
            if seed in others[task]
        }
        for task, seeds in scores.items()
    }
