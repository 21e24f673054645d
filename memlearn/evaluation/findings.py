"""The tables of a study: what its variants score, and what that says of the question."""

from memlearn.evaluation import comparison
from memlearn.evaluation.estimate import UNKNOWN, Estimate
from memlearn.evaluation.tables import Table

FAR = {"classes_x2": "2x classes", "delay_x4": "4x delay"}
PAIRED = "In pairs of the same seed; a star: the 95 % interval excludes 0."


def of_study(name, lines):
    """Return every `Table` of a study.

    Args:
      name: of the study.
      lines: the dicts of `study.read`; those with a `budget` are of its capacity.

    Returns:
      a list: scores, differences from the first variant, losses, controls, and capacity.
    """
    whole, cut = comparison.split(lines)
    tables = [scores, differences, losses, controls] if whole else []
    if len({line["variant"] for line in whole}) == 1:
        tables.remove(differences)
    return [table(name, whole) for table in tables] + ([capacity(name, cut)] if cut else [])


def scores(name, lines):
    """Return what each variant scores, and its sizes; arguments as for `of_study`."""
    found = comparison.estimates(comparison.held_out(lines))
    seeds = {
        variant: len({x["seed"] for x in lines if x["variant"] == variant}) for variant in found
    }
    sizes = {line["variant"]: (line["parameters"], line["state_bytes"]) for line in lines}
    return Table(
        label=f"{name}-scores",
        title=f"{name}: held-out score",
        columns=("variant", "seeds", *_tasks(found), "parameters", "state bytes"),
        rows=[(v, seeds[v], *row.values(), *sizes[v]) for v, row in found.items()],
        foot=(("chance", "", *_chance(lines), "", ""),),
        note=_about(lines),
        best=True,
    )


def differences(name, lines):
    """Return what each variant scores over the first one; arguments as for `of_study`."""
    found = comparison.estimates(comparison.against_first(lines))
    return Table(
        label=f"{name}-differences",
        title=f"{name}: held-out score minus that of {lines[0]['variant']}",
        columns=("variant", *_tasks(found)),
        rows=[(variant, *row.values()) for variant, row in found.items()],
        note=f"{PAIRED} Where nothing differs, one interval in twenty excludes it by luck.",
        signed=True,
    )


def losses(name, lines):
    """Return what extrapolation costs each variant; arguments as for `of_study`."""
    far = {there: comparison.loses(lines, condition) for condition, there in FAR.items()}
    found = {there: comparison.estimates(loss) for there, loss in far.items()}
    return Table(  # none is best: who remembers nothing has nothing to lose
        label=f"{name}-loses",
        title=f"{name}: what a score loses",
        columns=("variant", "at", *_tasks(found[FAR["delay_x4"]])),
        rows=_stacked(found),
        note=f"Held-out score minus that of extrapolation. {PAIRED}",
        signed=True,
    )


def controls(name, lines):
    """Return held-out scores without one's own experience; arguments as for `of_study`."""
    found = {
        memory: comparison.estimates(comparison.control(lines, memory))
        for memory in ("empty", "other")
    }
    return Table(
        label=f"{name}-controls",
        title=f"{name}: controls",
        columns=("variant", "memory", *_tasks(found["empty"])),
        rows=_stacked(found),
        foot=(("chance", "", *_chance(lines)),),
        note="Empty: nothing remembered; other: asked of another lifetime's memory.",
    )


def capacity(name, lines):
    """Return scores by the slots in use; arguments as for `of_study`."""
    curves = comparison.capacity(lines)
    budgets = sorted({line["budget"] for line in lines})
    return Table(
        label=f"{name}-capacity",
        title=f"{name}: held-out score by slots in each bank",
        columns=("variant", "task", *map(str, budgets)),
        rows=[
            (variant, task, *(curve.get(budget, UNKNOWN) for budget in budgets))
            for variant, by_task in curves.items()
            for task, curve in by_task.items()
        ],
        note=_about(lines),
    )


def _tasks(found):
    """The tasks of `comparison.estimates`, which every variant has, measured or not."""
    return tuple(next(iter(found.values())))


def _chance(lines):
    return [Estimate(guess) for guess in comparison.chance(lines).values()]


def _stacked(found):
    """Rows of name -> variant -> task -> `Estimate`: all variants under each name in turn."""
    return [
        (variant, name, *row.values())
        for name, estimates in found.items()
        for variant, row in estimates.items()
    ]


def _about(lines):
    """How the scores were made; where lines differ in it, all that occurs is named."""
    made = {
        "updates": {f"{line['step']:,}" for line in lines},
        "size": {line["size"] for line in lines},
        "commit": {line["commit"][:7] + line["commit"][40:] for line in lines},
    }
    fields = {field for line in lines for field in line["set"]}
    made |= {"with": fields} if fields else {}
    facts = "; ".join(f"{name} {', '.join(sorted(values))}" for name, values in made.items())
    return f"Mean and 95 % interval over seeds; of one seed, over its lifetimes. Made with {facts}."
