"""What the records of all data sets have in common: features, split, and how images are written."""

import hashlib
import io

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

SIZE = 32  # side of an image, in pixels


def features(shape, faces, families):
    """Returns the features that every data set has, a dict.

    Args:
      shape: of an image: height, width, and 1 or 3 channels.
      faces, families: lists of str, their names.
    """
    return {
        "image": tfds.features.Image(shape=shape, encoding_format="png"),
        "character": tfds.features.Text(),
        "name": tfds.features.Text(),
        "label": np.int64,
        "face": tfds.features.ClassLabel(names=faces),
        "family": tfds.features.ClassLabel(names=families),
    }


def splits(examples):
    """Returns the splits that every data set has, a dict.

    Args:
      examples: function of a part, 'train', 'val' or 'test', and 'seen' or 'unseen', that returns
        the examples of that split.
    """
    return {
        f"{part}_{kind}": examples(part, kind)
        for part in ("train", "val", "test")
        for kind in ("seen", "unseen")
    }


def part_of(name):
    """Returns the split of a class, which depends on nothing but its name.

    Args:
      name: str.

    Returns:
      'train', 'val' or 'test', with probabilities .7, .1 and .2.
    """
    fraction = fraction_of(name)
    return "train" if fraction < 0.7 else "val" if fraction < 0.8 else "test"


def fraction_of(name):
    """Returns a float in [0, 1) that depends on nothing but a name, and is spread evenly."""
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32


def png(image):
    """Encodes an image, uint8 [height, width] or [height, width, 3], as bytes."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="png")
    return buffer.getvalue()


def pixels(png, mode="RGB"):
    """Decodes an image to uint8 [height, width, 3], or [height, width] in the mode `L`."""
    return np.asarray(Image.open(io.BytesIO(png)).convert(mode))


def small(picture):
    """Scales a picture of Pillow to what all data sets have, uint8 [32, 32, 3]."""
    return np.asarray(picture.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BOX))


def utf8(text, length):
    """Writes a text as UTF-8, cut where it is too long: uint8 [length], padded with zeros."""
    written = text.encode()[:length].decode(errors="ignore").encode()  # whole characters only
    return np.frombuffer(written.ljust(length, b"\0"), np.uint8)


def sha256(path):
    """Returns the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
