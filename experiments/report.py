"""Put studies, or evaluated runs, into tables and figures.

    python -m experiments.report --studies='results/*.jsonl' --out=results
    python -m experiments.report --runs='runs/*' --out=results

Of each study, which experiments.ablate wrote: its tables STUDY.md and STUDY.tex, and the figure
STUDY.png and .pdf; where lines say how many slots were in use, STUDY-capacity.png and .pdf too. Of
runs: runs.jsonl, a line for each task of a run, and table.md and table.tex. Prints the tables.
"""

import glob
import json
import pathlib

from absl import flags

from experiments import command
from memlearn.evaluation import figures, findings, study, summary, tables
from memlearn.types import UserError

STUDIES = flags.DEFINE_string("studies", None, "a pattern of files that experiments.ablate wrote")
RUNS = flags.DEFINE_string("runs", None, "a pattern of workdirs")
OUT = flags.DEFINE_string("out", "results", "the folder to write to")
flags.mark_flags_as_mutual_exclusive(["studies", "runs"], required=True)


def main():
    (report_studies if STUDIES.value else report_runs)(pathlib.Path(OUT.value))


def report_studies(out):
    """Write and print the tables of each study, and draw its figures."""
    for path, lines in read_studies(STUDIES.value).items():
        found, stem = findings.of_study(path.stem, lines), out / path.stem
        written = tables.write(stem, found) + figures.draw(stem, lines)
        print(*map(tables.as_markdown, found), *written, sep="\n", end="\n\n")


def read_studies(pattern):
    """Return path -> lines; other files beside studies, as there are in results, are passed over.

    Raises:
      UserError: if there is no study among them, or one cannot be read.
    """
    paths = [pathlib.Path(name) for name in sorted(glob.glob(pattern))]
    studies = {path: study.read(path) for path in paths if study.holds_study(path)}
    if not studies:
        raise UserError(f"no file of a study matches {pattern!r}; experiments.ablate writes them")
    return studies


def report_runs(out):
    """Write and print the table of runs."""
    folders = [pathlib.Path(name) for name in sorted(glob.glob(RUNS.value))]
    folders = [folder for folder in folders if (folder / "evaluation.json").exists()]
    if not any(map(summary.compares, folders)):
        raise UserError(f"no evaluated run matches {RUNS.value!r}; run experiments.evaluate first")
    # Those that learned from what was recorded have no task to be compared at.
    compared = [folder for folder in folders if summary.compares(folder)]
    records = [record for folder in compared for record in summary.read(folder)]
    table = summary.as_table(records)
    tables.write(out / "table", [table])
    (out / "runs.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    print(tables.as_markdown(table))


if __name__ == "__main__":
    command.run(main)
