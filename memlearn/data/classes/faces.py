"""The twelve DejaVu faces: which characters they share, how one is drawn, which look alike.

Matplotlib ships the font files, so drawing needs no download and no system font.
"""

import functools
import pathlib
import unicodedata

import matplotlib
import numpy as np
from fontTools.ttLib import TTFont
from PIL import Image, ImageFont
from scipy import ndimage

SIZE = 32  # side of an image, in pixels
_INK = 26  # longer side of the ink, which leaves a margin of 3 pixels
_DRAWN = 128  # font size at which every shared character is larger than _INK
_BLUR = 1.0  # pixels: forgives a stroke that moved by one

FAMILIES = ("sans", "serif", "mono")
FILES = {
    "sans": "DejaVuSans.ttf",
    "sans bold": "DejaVuSans-Bold.ttf",
    "sans oblique": "DejaVuSans-Oblique.ttf",
    "sans bold oblique": "DejaVuSans-BoldOblique.ttf",
    "serif": "DejaVuSerif.ttf",
    "serif bold": "DejaVuSerif-Bold.ttf",
    "serif oblique": "DejaVuSerif-Italic.ttf",
    "serif bold oblique": "DejaVuSerif-BoldItalic.ttf",
    "mono": "DejaVuSansMono.ttf",
    "mono bold": "DejaVuSansMono-Bold.ttf",
    "mono oblique": "DejaVuSansMono-Oblique.ttf",
    "mono bold oblique": "DejaVuSansMono-BoldOblique.ttf",
}
FACES = tuple(FILES)


def family(face):
    """Returns the family of a face: its first word, one of FAMILIES."""
    return face.split()[0]


def name(character):
    """Returns the Unicode name of a character in lower case, such as 'greek small letter beta'."""
    return unicodedata.name(character).lower()


def shared_characters():
    """Lists the letters, symbols, punctuation and numerals that all twelve faces draw with ink.

    Returns:
      list[str], single characters in code point order.
    """
    points = set.intersection(*(_code_points(_path(face)) for face in FACES))
    named = (chr(point) for point in sorted(points))
    visible = (c for c in named if unicodedata.category(c)[0] in "LSPN")
    return [c for c in visible if all(_font(face).getmask(c).getbbox() for face in FACES)]


@functools.cache  # choosing the classes and writing them asks for the same images again
def draw(character, face):
    """Draws one character in one face: light ink on a black ground, centred, filling the frame.

    The ground is 0 so that a convolution's zero padding continues it.

    Args:
      character: str, one of `shared_characters()`.
      face: str, one of FACES.

    Returns:
      uint8 [SIZE, SIZE], anti-aliased, read-only.
    """
    mask = _font(face).getmask(character, mode="L")
    ink = Image.frombytes("L", mask.size, bytes(mask)).crop(mask.getbbox())
    scale = _INK / max(ink.size)
    width, height = (max(1, round(side * scale)) for side in ink.size)
    ink = ink.resize((width, height), Image.Resampling.BOX)
    image = Image.new("L", (SIZE, SIZE))
    image.paste(ink, ((SIZE - width) // 2, (SIZE - height) // 2))
    return np.asarray(image)


def distinct(images, max_similarity):
    """Thins near twins: keeps an image if it is unlike every image kept before it.

    Args:
      images: uint8 [N, views, height, width], in order of precedence.
      max_similarity: float, the cosine of two blurred images from which on they are twins.

    Returns:
      list[int], the indices kept, ascending.
    """
    blurred = ndimage.gaussian_filter(images.astype(np.float64), (0, 0, _BLUR, _BLUR))
    rows = blurred.reshape(len(images), -1)
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    similarity = rows @ rows.T
    kept = []
    for index in range(len(images)):
        if np.all(similarity[index, kept] < max_similarity):
            kept.append(index)
    return kept


def _path(face):
    return pathlib.Path(matplotlib.get_data_path(), "fonts", "ttf", FILES[face])


def _code_points(path):
    with TTFont(path, lazy=True) as font:
        return set(font.getBestCmap())


@functools.cache
def _font(face):
    # Basic layout: the result must not depend on whether libraqm is installed.
    return ImageFont.truetype(_path(face), _DRAWN, layout_engine=ImageFont.Layout.BASIC)
