"""Jobs: the processes that a launcher starts, from its options."""

import argparse
import pathlib
import shlex
import subprocess
import sys
from typing import NamedTuple


class Job(NamedTuple):
    """One process.

    Attributes:
      name: of the job, which no other has.
      command: what Python is called with.
    """

    name: str
    command: tuple[str, ...]


def options(doc, hosts=""):
    """Return a parser of what every launcher takes.

    Args:
      doc: what it does.
      hosts: the help of `--hosts`; without it there is no such option, and a job has one.
    """
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--study", help="a study: a job for each of its variants")
    what.add_argument("--config", help="or a configuration: a job for each seed")
    parser.add_argument("--workdir", help="of a configuration: seed 0 is run in WORKDIR-0")
    parser.add_argument("--seeds", type=int, default=3, help="how many; a study has all in a job")
    parser.add_argument("--dry-run", action="store_true", help="print what would be run")
    parser.set_defaults(hosts=1)
    if hosts:
        parser.add_argument("--hosts", type=int, help=hosts)
    parser.add_argument("rest", nargs="*", help="after --: further options of each job")
    return parser


def asked(parser, arguments=None):
    """Return the options that were given, and the list of `Job`s that they ask for."""
    given = parser.parse_args(arguments)
    if given.hosts < 1:
        parser.error("--hosts must be 1 or more")
    if given.study and given.hosts > 1:
        parser.error("a study has one host a job; several train a --config together")
    if given.study:
        return given, of_study(given.study, given.seeds, given.rest)
    if not given.workdir:
        parser.error("name a --workdir; seed 0 is run in WORKDIR-0, and so on")
    return given, of_config(given.config, given.workdir, given.seeds, given.rest)


def show(asked):
    """Print what would be run."""
    for job in asked:
        print(shlex.join(("python", *job.command)))


def of_study(path, seeds, rest):
    """Return a job for each variant of a study.

    Args:
      path: of its file.
      seeds: how many each has, in one program.
      rest: further options of `experiments.ablate`.
    """
    ablate = ("-m", "experiments.ablate", f"--study={path}", f"--seeds={seeds}", *rest)
    listed = subprocess.run([sys.executable, *ablate, "--list"], stdout=subprocess.PIPE, text=True)
    if listed.returncode:
        sys.exit(listed.returncode)  # it has said why
    name = pathlib.Path(path).stem
    return [Job(f"{name}-{x}", (*ablate, f"--only={x}")) for x in listed.stdout.splitlines()]


def of_config(path, workdir, seeds, rest):
    """Return a job for each seed of a configuration.

    Args:
      path: of its file.
      workdir: of seed 0 without `-0`.
      seeds: how many, from 0.
      rest: further options of `experiments.train`.
    """
    train = ("-m", "experiments.train", f"--config={path}")
    name = pathlib.Path(workdir).name
    return [
        Job(f"{name}-{x}", (*train, f"--workdir={workdir}-{x}", f"--config.seed={x}", *rest))
        for x in range(seeds)
    ]
