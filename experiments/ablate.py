"""Run a study: every variant of its sweep, several seeds each, and a table of how they score.

    python -m experiments.ablate --study=experiments/ablations/keys.py [--seeds=3] [--size=study]
        [--set=FIELD=VALUE ...] [--only=VARIANT ...] [--lifetimes=128] [--out=results] [--runs=runs]
        [--list]

The seeds of a variant are trained in one program, and studies that have a variant in common share
its run and its scores. The same command goes on where an interrupted study stopped. Appends to
OUT/<study>.jsonl a line for each variant, seed and task, and prints their scores;
experiments.report makes all tables and figures. What was run with other settings stays in the
file, and out of the table.
"""

import difflib
import importlib.util
import itertools
import pathlib

import jax
from absl import flags

from experiments import command, courses, trained
from experiments.configs import mixture
from memlearn import build, checks, worlds
from memlearn.evaluation import comparison, findings, report, retrieval, study, tables
from memlearn.memory import designs
from memlearn.training import loop, workdir
from memlearn.training.checkpoint import Checkpoints
from memlearn.training.metrics import Metrics
from memlearn.training.seeds import seed, seeded, several
from memlearn.types import UserError

STUDY = flags.DEFINE_string("study", None, "the question, a file", required=True)
SEEDS = flags.DEFINE_integer("seeds", 3, "runs of each variant", lower_bound=1)
SIZE = flags.DEFINE_enum("size", "study", list(mixture.SIZES), "how large the runs are")
SET = flags.DEFINE_multi_string("set", [], "FIELD=VALUE of the configuration, for all variants")
ONLY = flags.DEFINE_multi_string("only", [], "variants to run; all if none is named")
OUT = flags.DEFINE_string("out", "results", "the folder to write to")
RUNS = flags.DEFINE_string("runs", "runs", "the folder of the runs")
LIST = flags.DEFINE_bool("list", False, "print the variants, and run none")
LIFETIMES = flags.DEFINE_integer("lifetimes", 128, "lifetimes in each row", lower_bound=2)


def main():
    name, variants, shares = read_study(STUDY.value)
    if LIST.value:
        return print(*variants, sep="\n")
    out = pathlib.Path(OUT.value) / f"{name}.jsonl"
    chosen = ONLY.value or list(variants)
    configs = {v: configure(build.lookup(variants, v, "variant")) for v in chosen}
    for config in configs.values():
        check(config, shares)
    out.parent.mkdir(parents=True, exist_ok=True)
    marks = {v: mark(config, shares) for v, config in configs.items()}
    for variant, config in configs.items():
        if marks[variant] not in {line["mark"] for line in study.read(out)}:
            print(f"{name}: {variant}")
            about = {"study": name, "variant": variant, "set": SET.value}
            lines = study.found_beside(out, marks[variant])
            if lines:
                print("as it was measured for", lines[0]["study"], "by commit", lines[0]["commit"])
            lines = lines or run(variant, config, shares, marks[variant])
            study.add(out, [{**about, **line, **about} for line in lines], variants)
    lines = [line for line in study.read(out) if line["mark"] == marks.get(line["variant"])]
    whole, _ = comparison.split(lines)
    print(tables.as_markdown(findings.scores(name, whole)))
    print("lines    ", out)


def check(config, shares):
    """Raise a `UserError` if a variant cannot be run: it is said before anything is."""
    checks.check(config)
    worlds.conditions(config)
    course = courses.course(config, build.policy(config), build.optimizer(config))
    trained.warmed(course, config.warm_start, tell=False)
    if shares and config.memory.kind not in designs.DESIGNS:
        raise UserError(f"{config.memory.kind!r} has no slots to take a share of")


def trained_by(config):
    """Return a name for all that a variant is trained by: its settings and seeds."""
    return f"{study.digest(config)}-{config.seed}x{SEEDS.value}"


def mark(config, shares):
    """Return a name for all that a variant is run with: it is scored by lifetimes and shares."""
    return "-".join([trained_by(config), str(LIFETIMES.value), *(f"{share:g}" for share in shares)])


def read_study(path):
    """Return the name of a study, its variants, and the shares of slots to score them with."""
    path = pathlib.Path(path)
    if not path.is_file() or path.suffix != ".py":
        raise UserError(f"there is no study {path}; see experiments/ablations")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return path.stem, module.sweep(), getattr(module, "SHARES", ())


def configure(overrides):
    """Return the configuration of a variant."""
    config = mixture.get_config(SIZE.value)
    fields, known = {**study.parse(SET.value), **overrides}, workdir.flat(config)
    for name, value in fields.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UserError(f"no field is called {name!r}{hint}")
        try:
            config.update_from_flattened_dict({name: value})
        except (TypeError, ValueError) as error:
            kind = type(known[name]).__name__
            raise UserError(f"{name} cannot be {value!r}; it is a {kind}") from error
    return shortened(config)


def shortened(config):
    """Leave out the rules that a design has anyway: one memory is one run, however it is named."""
    memory = config.memory
    for axis, rule in designs.DESIGNS.get(memory.kind, {}).items():
        if memory[axis] == rule:
            memory[axis] = ""
    return config


def run(variant, config, shares, mark):
    """Train and evaluate the seeds of a variant; return their lines, but for what they are of."""
    policy = build.policy(config)
    rows = {task: worlds.conditions(config, task) for task in build.tasks(config)}
    # Other studies find it there: most have a variant, the learned memory, in common.
    folder = pathlib.Path(RUNS.value, f"{config.memory.kind}-{trained_by(config)}")
    with workdir.claim(folder, config):
        states = train(config, policy, folder)
    lines = []
    for index in command.track(range(SEEDS.value), f"scoring {variant}, seed by seed"):
        params = seed(states.params, index)
        scores = {task: score(policy, params, rows[task]) for task in rows}
        found = report.as_json(config.task, config.updates, scores)
        about = dict(seed=config.seed + index, mark=mark)
        commit = (folder / "commit.txt").read_text().split()[-1]
        about |= dict(size=SIZE.value, commit=commit, **study.sizes(policy, params))
        lines += [{**about, **task} for task in found.get("tasks", [found])]
        for share, task in itertools.product(shares, rows):
            few = score(policy, params, {"heldout": rows[task]["heldout"]}, share)["heldout"]
            slots = int(policy.initial_state(1, share)[0].budget[0])
            told = dict(task=task, step=config.updates, heldout=report.told(few))
            lines.append({**about, **told, "budget": slots})
    return lines


def train(config, policy, folder):
    """Train all seeds in one program; return their states `[S, ...]`."""
    optimizer = build.optimizer(config)
    course = courses.course(config, policy, optimizer)
    validate = course.validation()
    checkpoints = Checkpoints(folder / "checkpoints")
    if checkpoints.latest() is None:
        course = trained.warmed(course, config.warm_start)
    seeds = jax.vmap(jax.random.key)(config.seed + jax.numpy.arange(SEEDS.value))
    states = several(course.begin, seeds)
    if checkpoints.latest() is not None:
        states = checkpoints.restore(like=states)

    def batches(keys, step):
        drawn = [course.draw(key, step) for key in keys]
        return jax.tree.map(lambda *each: jax.numpy.stack(each), *drawn)

    update = build.update(config, policy, optimizer)
    return loop.train(
        states, parallel=seeded(update, course.shared), draw=batches,
        validate=lambda params: validate(seed(params, 0)), checkpoints=checkpoints,
        metrics=Metrics(folder, int(states.step[0]), config.tensorboard), updates=config.updates,
        log_every=config.log_every, validate_every=config.validate_every,
        checkpoint_every=config.checkpoint_every,
    )  # fmt: skip


def score(policy, params, conditions, share=1.0):
    """Return the `Score` of every row of one task, with a share of the slots."""
    scores = {}
    for row, (env, world) in conditions.items():
        keys = worlds.row_keys(row, LIFETIMES.value)
        lived = retrieval.experience(env, policy, params, world, keys, share)
        scores[row] = retrieval.score(env, policy, params, world, keys, lived)
    return scores


if __name__ == "__main__":
    command.run(main)
