"""Put evaluated runs into one table.

    python -m experiments.report --runs='runs/*' --out=results

Writes runs.jsonl, a line for each task of a run, and table.md into the folder, and prints the
table.
"""

import glob
import json
import pathlib

from absl import flags

from experiments import command
from memlearn.evaluation import summary
from memlearn.types import UserError

RUNS = flags.DEFINE_string("runs", None, "a pattern of workdirs", required=True)
OUT = flags.DEFINE_string("out", "results", "the folder to write to")


def main():
    folders = [pathlib.Path(name) for name in sorted(glob.glob(RUNS.value))]
    folders = [folder for folder in folders if (folder / "evaluation.json").exists()]
    if not folders:
        raise UserError(f"no evaluated run matches {RUNS.value!r}; run experiments.evaluate first")
    records = [record for folder in folders for record in summary.read(folder)]
    table, out = summary.as_markdown(records), pathlib.Path(OUT.value)
    out.mkdir(parents=True, exist_ok=True)
    (out / "runs.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    (out / "table.md").write_text(table + "\n")
    print(table)


if __name__ == "__main__":
    command.run(main)
