"""What the records of all data sets have in common: their split, and how images are written."""

import hashlib
import io

import numpy as np
from PIL import Image


def part_of(name):
    """Returns the split of a class, which depends on nothing but its name.

    Args:
      name: str.

    Returns:
      'train', 'val' or 'test', with probabilities .7, .1 and .2.
    """
    digest = hashlib.sha256(name.encode()).digest()
    fraction = int.from_bytes(digest[:4], "big") / 2**32
    return "train" if fraction < 0.7 else "val" if fraction < 0.8 else "test"


def png(image):
    """Encodes an image, uint8 [height, width] or [height, width, 3], as bytes."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="png")
    return buffer.getvalue()


def pixels(png):
    """Decodes an image to uint8 [height, width, 3]."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
