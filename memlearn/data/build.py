"""Builds data sets on first use, and vouches for what lies on disk.

    python -m memlearn.data.build NAME [--data_dir=DIR] [--overwrite] [--describe]

NAME is glyphs, emoji, or tfds: and the name of a data set of TFDS; or speech: and any of these.

A finished data set carries the checksums of its files, which are written last. Without them it
counts as unfinished and is built again; with them, every file must match before it is read.
"""

import collections
import hashlib
import os
import pathlib
import shutil
import sys

import tensorflow_datasets as tfds
from absl import app, flags, logging

from memlearn.data import checksums
from memlearn.data.checksums import CHECKSUMS
from memlearn.data.classes import catalogue, emoji, glyphs, speech
from memlearn.types import UserError

BUILDERS = {"glyphs": glyphs.Glyphs, "emoji": emoji.Emoji}
OTHERS = f"of TFDS, {catalogue.PREFIX}omniglot and others with images and labels"


class UnknownDataError(UserError, ValueError):
    """There is no data set of that name."""


class DamagedDataError(UserError, OSError):
    """A file of a finished data set is not what was written."""


def default_data_dir():
    """Returns TFDS_DATA_DIR if that is set, else memlearn/data in the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(os.environ.get("TFDS_DATA_DIR") or pathlib.Path(cache, "memlearn", "data"))


def prepare(name, data_dir=None, overwrite=False):
    """Builds a data set unless it is there already.

    Args:
      name: str, a key of BUILDERS; or `tfds:` and the name of a data set of TFDS, with images and
        labels; or `speech:` and one of these, for its names as they are spoken.
      data_dir: str or path, where data sets live; None for `default_data_dir()`.
      overwrite: bool, build it even if it is there.

    Returns:
      tfds.core.DatasetBuilder, ready to be read.

    Raises:
      UnknownDataError: there is no data set of that name.
      DamagedDataError: it is there, but a file does not match its checksum.
      UserError: it is not there, and cannot be built: the folder cannot be written, or what it is
        built of cannot be fetched.
    """
    root = pathlib.Path(data_dir or default_data_dir()).expanduser()
    path = _place(name, root)
    if overwrite or not (path / CHECKSUMS).exists():
        checksums.make_writable(root)
        with checksums.lock(root / f".{catalogue.folder_of(name)}.lock"):
            # Whoever held the lock before us may have built it.
            if overwrite or not (path / CHECKSUMS).exists():
                _build(name, root, path)
    _verify(name, root, path)
    return _builder(name, root)


def _place(name, root):
    """Returns where TFDS keeps a data set; a builder would read it, before it is verified."""
    if name in BUILDERS:
        return root / name / str(BUILDERS[name].VERSION)
    if name.startswith(catalogue.PREFIX):
        folder = catalogue.folder_of(name.removeprefix(catalogue.PREFIX))
        return root / catalogue.Catalogue.name / folder / str(catalogue.Catalogue.VERSION)
    if name.startswith(speech.PREFIX):
        named = _place(name.removeprefix(speech.PREFIX), root)
        folder = speech.folder_of(named.relative_to(root))
        return root / speech.Speech.name / folder / str(speech.Speech.VERSION)
    raise UnknownDataError(
        f"no data set is called {name!r}; known: {', '.join(BUILDERS)}; {OTHERS}"
    )


def _builder(name, root):
    settings = dict(data_dir=root, file_format="array_record")
    if name in BUILDERS:
        return BUILDERS[name](**settings)
    if name.startswith(speech.PREFIX):
        named = prepare(name.removeprefix(speech.PREFIX), root)
        return speech.Speech(source=named, **settings)
    source = name.removeprefix(catalogue.PREFIX)
    try:
        return catalogue.Catalogue(source=source, **settings)
    except (tfds.core.DatasetNotFoundError, AssertionError, ImportError, ValueError) as error:
        why = str(error).strip().partition("\n")[0]
        raise UnknownDataError(f"TFDS has no data set {source!r} ({why}); {OTHERS}") from error


def _build(name, root, path):
    """Builds a data set anew; if that fails, what was there before is there again."""
    before = path.with_name(f".{path.name}.before")
    for leftover in (before, *path.parent.glob("incomplete.*")):
        shutil.rmtree(leftover, ignore_errors=True)
    if path.exists():
        path.rename(before)  # TFDS would take it as finished
    try:
        _builder(name, root).download_and_prepare()
    except BaseException:
        if before.exists():
            before.rename(path)
        raise
    shutil.rmtree(before, ignore_errors=True)
    checksums.seal(path)


def _verify(name, root, path):
    if damaged := checksums.fault(path):
        raise DamagedDataError(
            f"{damaged} is damaged (it does not match {CHECKSUMS}); to rebuild: "
            f"python -m memlearn.data.build {name} --overwrite --data_dir={root}"
        )


def describe(builder):
    """Returns the data card of a built data set, str: what it is, its faces and its licence."""
    features, splits = builder.info.features, builder.info.splits
    undecoded = {"image": tfds.decode.SkipDecoding()}
    images = {
        (int(record["label"]), int(record["face"])): record["image"]
        for split in splits
        for record in builder.as_data_source(split, decoders=undecoded)
    }
    by_class = collections.Counter(label for label, _ in images)
    whole = sum(number == features["face"].num_classes for number in by_class.values())
    content = hashlib.sha256(b"".join(images[place] for place in sorted(images))).hexdigest()
    lines = [
        builder.info.description,
        f"Classes: {len(by_class)}, {whole} of them in every face.",
        f"Images: {len(images)}, as PNG, by class and face, of SHA-256 {content}.",
        f"Faces: {', '.join(features['face'].names)}.",
        f"Families: {', '.join(features['family'].names)}.",
    ]
    return "\n".join(lines)


def main(argv):
    """Builds the data set named on the command line and says what was built."""
    logging.set_verbosity(logging.ERROR)  # TFDS tells of every file it opens
    options = flags.FLAGS
    try:
        builder = prepare(" ".join(argv[1:]), options.data_dir, options.overwrite)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; give the same command again", file=sys.stderr)
        return 130
    if options.describe:
        print(describe(builder))
    print(builder.data_dir)
    for split, info in builder.info.splits.items():
        print(f"{split:>12} {info.num_examples:6d} images")
    return 0


if __name__ == "__main__":
    # Defined here, since a program that imports this module has flags of its own.
    flags.DEFINE_string("data_dir", None, "where data sets live; default: the cache folder")
    flags.DEFINE_bool("overwrite", False, "build the data set even if it is there")
    flags.DEFINE_bool("describe", False, "print the data card")
    app.run(main)
