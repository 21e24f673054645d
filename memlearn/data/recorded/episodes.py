"""Episodes of a local data set in the format of RLDS, field by field, without TensorFlow.

A field is a path within a step, such as `observation/image`. TFDS writes all steps of an episode
into one record, the values of each field side by side; only the fields asked for are taken from it.
"""

import pathlib
from typing import Any, NamedTuple

import numpy as np
import tensorflow_datasets as tfds
from tensorflow_datasets.core import example_parser

from memlearn.data.recorded import frames
from memlearn.types import UserError

STEPS, LAST = "steps", "is_last"  # what RLDS calls the steps, and the flag of an episode's end


class Field(NamedTuple):
    """What a data set says of a field.

    Attributes:
      feature: of TFDS.
      shape: tuple of int, of one step; None where it differs.
      dtype: of numpy, in which it is written; `object` stands for bytes.
    """

    feature: Any
    shape: tuple[int | None, ...]
    dtype: np.dtype

    def __str__(self):
        what = "bytes" if self.dtype == object else self.dtype.name
        return f"{type(self.feature).__name__}, {what} {list(self.shape)}"


class Source(NamedTuple):
    """A data set on disk.

    Attributes:
      name: str, with its version.
      kind: str, of its files, a key of `frames.KINDS`.
      files: tuple of pairs, the path of a file and how many episodes are in it.
      fields: dict of str, `Field`.
    """

    name: str
    kind: str
    files: tuple[tuple[pathlib.Path, int], ...]
    fields: dict[str, Field]

    @property
    def episodes(self):
        """Returns how many there are, in all splits."""
        return sum(count for _, count in self.files)


def find(folder):
    """Returns the `Source` in a folder, of which nothing but its description is read.

    Args:
      folder: str or path, as `tfds.builder_from_directory` takes it.

    Raises:
      UserError: there is no such folder, or what is in it is not in the format of RLDS.
    """
    folder = pathlib.Path(folder).expanduser()
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}; name one with --config.experience.folder")
    try:
        info = tfds.builder_from_directory(str(folder)).info
    except Exception as error:  # of files that might hold anything
        why = str(error).strip().partition("\n")[0]
        raise UserError(
            f"{folder} holds no data set of TFDS ({why}); name the folder that dataset_info.json "
            "and features.json are in"
        ) from error
    steps = dict(info.features).get(STEPS)
    if not isinstance(steps, tfds.features.Dataset) or LAST not in dict(steps.feature):
        raise UserError(f"{folder} is not in the format of RLDS: it has no {STEPS} with {LAST}")
    if info.file_format.value not in frames.KINDS:
        known = ", ".join(frames.KINDS)
        raise UserError(f"files of {folder} are {info.file_format.value}; known: {known}")
    splits = [info.splits[name] for name in sorted(info.splits)]
    files = [pair for split in splits for pair in zip(split.filepaths, split.shard_lengths)]
    files = tuple((pathlib.Path(path), count) for path, count in files)
    return Source(info.full_name, info.file_format.value, files, _fields(steps.feature))


def _fields(features, before=""):
    """Returns the fields of a step: path -> `Field`."""
    found = {}
    for name, feature in features.items():
        if isinstance(feature, tfds.features.FeaturesDict):
            found |= _fields(feature, f"{before}{name}/")
        else:
            info = feature.get_serialized_info()
            found[before + name] = Field(feature, info.shape, np.dtype(info.np_dtype))
    return found


def under(source, path):
    """Returns the paths of the fields that a path names: one, or all within it, sorted.

    Raises:
      UserError: there are none.
    """
    found = sorted(name for name in source.fields if name == path or name.startswith(f"{path}/"))
    if not found:
        known = ", ".join(sorted(source.fields))
        raise UserError(f"{source.name} has no field {path!r}; there are: {known}")
    return found


def read(source, paths, first=0):
    """Yields episodes: path -> array [T, ...] or, of texts and images, a list of T bytes.

    The last step of an episode is left out where it is only an end: RLDS says that whatever it has
    for an action means nothing.

    Args:
      source: `Source`.
      paths: of the fields to read.
      first: int, the first episode to be read.

    Raises:
      UserError: a file is damaged, or an episode has no step.
    """
    fields = {path: source.fields[path] for path in {*paths, LAST}}
    spec = {f"{STEPS}/{path}": _as_written(field) for path, field in fields.items()}
    parser, number = example_parser.ExampleParserNp(spec), 0
    for path, count in source.files:
        skipped = min(max(first - number, 0), count)
        number += skipped
        try:
            for record in frames.read(path, source.kind, count, skipped):
                yield _steps(parser, record, number)
                number += 1
        except (frames.DamagedRecordError, OSError) as error:
            raise UserError(f"{path} is damaged: {error}; record or fetch it again") from error


def _as_written(field):
    """Returns how the values of a field are written, all steps of an episode side by side."""
    return tfds.features.TensorInfo(shape=(None, *field.shape), dtype=field.dtype)


def _steps(parser, record, number):
    try:
        found = parser.parse_example(record)
    except Exception as error:  # of a record that might hold anything
        raise frames.DamagedRecordError(f"episode {number} cannot be parsed") from error
    columns = {name.removeprefix(f"{STEPS}/"): column for name, column in found.items()}
    length = len(columns[LAST]) - int(any(columns[LAST][-1:]))
    if not length:
        raise UserError(f"episode {number} is empty: it has no step with an action")
    return {path: column[:length] for path, column in columns.items()}
