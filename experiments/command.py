"""What every command does on the way in and out."""

import errno
import json
import os
import pathlib
import sys

import jax
from absl import app, flags, logging
from rich import progress
from rich.console import Console

from memlearn.training import workdir
from memlearn.types import UserError


def run(main):
    """Run `main` under absl; what the user can mend becomes one line and exit code 2."""
    app.run(lambda argv: _guard(main, argv), flags_parser=_parse)


def track(items, what, total=None):
    """Go through items beside a progress bar that says `what` is done with them.

    Args:
      items: a list; or anything else, of which there are `total`.
      what: a participle.
      total: as many; None for all of a list.
    """
    console = Console(stderr=True)
    shown = dict(console=console, transient=True, show_speed=False)
    return progress.track(items, what, total=total, **shown)


def tell(path, found, tables, pictures=(), as_json=False):
    """Write what was found to a file, and print it, as tables for people or as one object.

    Args:
      path: the file.
      found: what JSON can hold.
      tables: of it, or lines, as `rich` prints them.
      pictures: paths of those that were drawn of it.
      as_json: whether stdout is one object; the tables go to stderr then.
    """
    workdir.write(path, json.dumps(found, indent=2) + "\n")
    people = Console(stderr=as_json)
    for table in tables:
        people.print(table, highlight=False, soft_wrap=isinstance(table, str))
    people.out("results  ", path, highlight=False)
    for picture in pictures:
        people.out("picture  ", picture, highlight=False)
    if as_json:
        print(json.dumps(found))


def _parse(argv):
    """Parse flags; an unknown field or file of a config is one line, not a traceback."""
    try:
        rest = flags.FLAGS(argv)
        flags.FLAGS.flag_values_dict()  # a config that cannot be read fails when it is looked at
    except (flags.Error, AttributeError, KeyError, TypeError, ValueError, OSError) as error:
        _fail(error.args[0] if isinstance(error, KeyError) else error)
    return rest


def _guard(main, argv):
    if argv[1:]:
        _fail(f"unexpected argument {argv[1]!r}; every option is --name=value")
    # Orbax tells of every step, TFDS of every builder; what fails is raised here as well.
    logging.set_verbosity(logging.FATAL)
    _compilation_cache()
    try:
        return main()
    except UserError as error:
        _fail(error)
    except OSError as error:
        if error.filename is None and error.errno != errno.ENOSPC:
            raise
        _fail(f"{error.filename or 'make room and go on'}: {error.strerror}")
    except KeyboardInterrupt:
        print("interrupted; give the same command again to go on", file=sys.stderr)
        sys.exit(130)


def _fail(reason):
    lines = str(reason).strip().splitlines()
    if any(line.startswith("Traceback") for line in lines):
        lines = lines[-1:]  # of a config file that raised: what it said
    print("error:", " ".join(" ".join(lines).split()), file=sys.stderr)
    sys.exit(2)


def _compilation_cache():
    """Keep compiled programs between processes, unless JAX was told where to or not to."""
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
        jax.config.update("jax_compilation_cache_dir", str(pathlib.Path(cache, "memlearn", "jax")))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
