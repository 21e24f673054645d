"""The folder of a run: which configuration and which code it belongs to."""

import contextlib
import fcntl
import json
import pathlib
import subprocess

from flax.traverse_util import flatten_dict
from ml_collections import ConfigDict

from memlearn.types import UserError

# Fields that say how a run runs but not what it learns: they may change when it goes on.
RUNNING = (
    "data_dir", "parallel", "log_every", "validate_every", "checkpoint_every", "tensorboard",
)  # fmt: skip


@contextlib.contextmanager
def claim(folder, config):
    """Make `folder` the place of a run of `config`, or find that it already is, and hold it.

    Writes `config.json`, and appends to `commit.txt` the git commit of the code, marked `-dirty` if
    files were changed, whenever it is not the one of the last start.

    Args:
      folder: str or path.
      config: `ConfigDict`.

    Yields:
      `pathlib.Path` of the folder, which no other process can claim meanwhile.

    Raises:
      UserError: if it cannot be written, holds a run of another configuration, or is held.
    """
    folder = pathlib.Path(folder)
    if (folder / "config.json").exists():
        _check_same(folder, read_config(folder), config)
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context((folder / ".lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # until closed, even by a crash
            _sign(folder, config)
        except BlockingIOError as error:
            raise UserError(f"another process is training in {folder}; wait for it") from error
        except OSError as error:
            raise UserError(f"workdir {folder} cannot be written: {error.strerror}") from error
        yield folder


def _sign(folder, config):
    """Write which configuration and which code the run is of, if anything is left to be run."""
    if (folder / "checkpoints" / str(config.updates)).exists():
        return
    commits, commit = folder / "commit.txt", _commit()
    write(folder / "config.json", config.to_json_best_effort(indent=2, sort_keys=True) + "\n")
    before = commits.read_text() if commits.exists() else ""
    if before.splitlines()[-1:] != [commit]:
        write(commits, f"{before}{commit}\n")


def write(path, text):
    """Replace the file at once, so that whoever is killed leaves the old one or the new one."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text)
    partial.rename(path)


@contextlib.contextmanager
def held(path):
    """Hold a file, once whoever else holds it lets go, so that what is read is what is replaced."""
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def read_config(folder):
    """Return the configuration of the run in `folder`; raise `UserError` if there is none."""
    path = pathlib.Path(folder) / "config.json"
    try:
        return _frozen(json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{folder} is not the workdir of a run: no readable config.json; name another"
        ) from error


def flat(config):
    """Return the fields of a configuration: `memory.kind` -> its value."""
    return flatten_dict(config.to_dict(), sep=".")


def _check_same(folder, before, now):
    before, now = flat(before), flat(_frozen(json.loads(now.to_json_best_effort())))
    for name in sorted((before.keys() | now.keys()) - set(RUNNING)):
        if before.get(name) != now.get(name):
            raise UserError(
                f"workdir {folder} holds a run with {name}={before.get(name)}, not "
                f"{now.get(name)}; choose another --workdir, or remove this one"
            )


def _frozen(tree):
    """A locked `ConfigDict` of parsed JSON, its lists turned back to tuples."""

    def tuples(value):
        if isinstance(value, dict):
            return {name: tuples(inner) for name, inner in value.items()}
        return tuple(map(tuples, value)) if isinstance(value, list) else value

    return ConfigDict(tuples(tree)).lock()


def _commit():
    """The commit of the code that runs; `unknown` outside a git checkout, or without git."""
    describe = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        code = pathlib.Path(__file__).parent
        result = subprocess.run(describe, cwd=code, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return result.stdout.strip() or "unknown"
