"""Mapping: which fields of a recorded step are what an agent perceives, does and is asked."""

import functools
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

from memlearn.data import records
from memlearn.data.recorded import episodes
from memlearn.types import SIDE, UserError

PERCEIVED = ("image", "name", "speech", "text", "vector")
MODALITIES = (*PERCEIVED, "action", "reward")  # of the step before are the last two
DECODERS = ThreadPoolExecutor()  # Pillow lets go of the interpreter while it decodes


class Mapping(NamedTuple):
    """Paths of fields within a step; '' or () is none.

    Attributes:
      image: of an image, of any size.
      name: of a text, or of its bytes: what things are called.
      name_length: how many bytes of a name are read; 0 if it is bytes.
      speech: of a spectrogram.
      text: of a text, or of tokens.
      text_length: how many bytes of a text are read; 0 if it is tokens.
      vector: of arrays of numbers, or of dicts of such, put together.
      action: of one integer, a word; or of arrays of numbers, or of dicts of such, put together.
      reward: of a number.
      question: of a flag, whether the action is learned; '' is always.
      oracle: of an integer, the right action; '' is the action taken.
      choices: of an integer, how many actions there are to choose from; '' is all words.
      boundary: of an integer, a code of `memlearn.types`; '' is none but at an episode's start.
      present: of a dict of flags, by modality; '' is always, but for empty texts.
    """

    image: str
    name: str
    name_length: int
    speech: str
    text: str
    text_length: int
    vector: tuple[str, ...]
    action: tuple[str, ...]
    reward: str
    question: str
    oracle: str
    choices: str
    boundary: str
    present: str


class Kind(NamedTuple):
    """What fields must be.

    Attributes:
      what: in words.
      fits: function of a `Field` that tells whether it is.
      convert: function of the values of all fields in an episode, a list of arrays [T, ...], that
        returns one array [T, ...].
    """

    what: str
    fits: Callable[[episodes.Field], bool]
    convert: Callable


class Column(NamedTuple):
    """An array that is made of fields.

    Attributes:
      paths: of the fields.
      kind: what they are.
    """

    paths: list[str]
    kind: Kind

    def of(self, episode):
        """Returns the array [T, ...] of an episode, a dict of the values of each field."""
        return self.kind.convert([episode[path] for path in self.paths])


def columns(source, mapping):
    """Returns the arrays that a mapping makes of a data set: name -> `Column`.

    Raises:
      UserError: there is no such field, or it is of another kind.
    """
    kinds = {
        **KINDS,
        "name": text_of(mapping.name_length) if mapping.name_length else BYTES,
        "text": text_of(mapping.text_length) if mapping.text_length else TOKENS,
    }
    found = {}
    for name in Mapping._fields:
        paths = getattr(mapping, name)
        if paths and name in kinds:
            paths = [paths] if isinstance(paths, str) else paths
            found[name] = _column(source, name, paths, kinds[name])
    if not mapping.action:
        raise UserError("config.experience.action names no field, and there is nothing to learn")
    (action, *more) = (source.fields[path] for path in found["action"].paths)
    if not more and WORD.fits(action):
        found["action"] = found["action"]._replace(kind=WORD)
    for name in PERCEIVED if mapping.present else ():
        if f"{mapping.present}/{name}" in source.fields:
            found[f"present.{name}"] = _column(source, name, [f"{mapping.present}/{name}"], FLAG)
    return found


def _column(source, name, paths, kind):
    leaves = [leaf for path in paths for leaf in episodes.under(source, path)]
    for leaf in leaves:
        if not kind.fits(source.fields[leaf]):
            raise UserError(
                f"config.experience.{name} must be {kind.what}; {leaf} is {source.fields[leaf]}"
            )
    return Column(leaves, kind)


def _is_image(field):
    if isinstance(field.feature, tfds.features.Image):
        return field.feature.np_dtype == np.uint8
    return field.dtype == np.uint8 and len(field.shape) == 3 and field.shape[-1] in (3, 4)


def _is_text(field):
    return field.dtype == object and field.shape == ()


def _is_tokens(field):
    return field.dtype.kind in "iu" and len(field.shape) == 1 and None not in field.shape


def _is_bytes(field):
    return field.dtype == np.uint8 and len(field.shape) == 1 and None not in field.shape


def _is_spectrogram(field):
    sides = [side and side % SIDE == 0 for side in field.shape]
    return field.dtype == np.uint8 and len(sides) == 2 and all(sides)


def _is_numbers(field):
    return field.dtype.kind in "biuf" and None not in field.shape


def _is_number(field):
    return field.dtype.kind in "iuf" and field.shape == ()


def _is_integer(field):
    return field.dtype.kind in "iu" and field.shape == ()


def _is_flag(field):
    return field.dtype == bool and field.shape == ()


def _images(values):
    return np.stack(list(DECODERS.map(_image, *values)))


def _image(image):
    encoded = isinstance(image, bytes)
    return records.small(Image.open(io.BytesIO(image)) if encoded else Image.fromarray(image))


def _texts(values, length):
    return np.stack([records.utf8(text.decode(errors="replace"), length) for text in values[0]])


def _numbers(values):
    return np.concatenate([x.reshape(len(x), -1).astype(np.float32) for x in values], axis=1)


def _as(dtype):
    return lambda values: values[0].astype(dtype)


TOKENS = Kind("tokens, integers [L], while text_length is 0", _is_tokens, _as(np.int32))
BYTES = Kind("bytes, uint8 [L], while name_length is 0", _is_bytes, _as(np.uint8))
WORD = Kind("an integer", _is_integer, _as(np.int32))
FLAG = Kind("a flag", _is_flag, _as(bool))
NUMBERS = Kind("numbers, all of one shape", _is_numbers, _numbers)
KINDS = {
    "image": Kind("an image of uint8", _is_image, _images),
    "speech": Kind(f"uint8, both sides multiples of {SIDE}", _is_spectrogram, _as(np.uint8)),
    "vector": NUMBERS,
    "action": NUMBERS,
    "reward": Kind("a number", _is_number, _as(np.float32)),
    "question": FLAG,
    **dict.fromkeys(("oracle", "choices", "boundary"), WORD),
}


def text_of(length):
    """Returns the `Kind` of texts, of which so many bytes are read."""
    return Kind("a text", _is_text, functools.partial(_texts, length=length))
