"""The atlas: all images of a data set's classes as one array, for environments to index."""

import io
from typing import NamedTuple

import grain
import jax
import jax.numpy as jnp
import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

from memlearn.data import build


class Atlas(NamedTuple):
    """Images by class and face, and which faces an agent may train on.

    Attributes:
      images: uint8 [C, F, 32, 32, 3].
      seen: int32 [S], the faces to train on.
      unseen: int32 [F - S], the faces held out for evaluation: whole families.
    """

    images: jax.Array
    seen: jax.Array
    unseen: jax.Array


class Legend(NamedTuple):
    """What the indices of an atlas mean; kept apart since strings do not pass through `jax.jit`.

    Attributes:
      characters: tuple[str] of length C, what is drawn.
      names: tuple[str] of length C, its Unicode name in lower case.
      labels: tuple[int] of length C, the class among those of all splits.
      faces: tuple[str] of length F.
      families: tuple[str] of length F, the family of each face.
    """

    characters: tuple[str, ...]
    names: tuple[str, ...]
    labels: tuple[int, ...]
    faces: tuple[str, ...]
    families: tuple[str, ...]


def load(data="glyphs", classes="train", data_dir=None):
    """Loads all faces of the classes of one split, and builds the data set on first use.

    Args:
      data: str, a data set that `memlearn.data.build` knows.
      classes: str, 'train', 'val' or 'test'; no class is in two of them.
      data_dir: str or path, where data sets live; None for `build.default_data_dir()`.

    Returns:
      (Atlas, Legend); classes are sorted by label, faces are in the data set's order.

    Raises:
      ValueError: there is no such data set (`build.UnknownDataError`), or no such split.
      build.DamagedDataError: a file on disk is damaged; the message says how to rebuild it.
    """
    builder = build.prepare(data, data_dir)
    seen = _records(builder, f"{classes}_seen")
    unseen = _records(builder, f"{classes}_unseen")
    records = sorted(seen + unseen, key=lambda record: (record["label"], record["face"]))

    features = builder.info.features
    faces = features["face"].names
    images = np.stack([record["image"] for record in records])
    atlas = Atlas(
        images=jnp.asarray(images.reshape(-1, len(faces), *images.shape[1:])),
        seen=_faces_in(seen),
        unseen=_faces_in(unseen),
    )
    firsts = records[:: len(faces)]  # one record of each class
    legend = Legend(
        characters=tuple(record["character"].decode() for record in firsts),
        names=tuple(record["name"].decode() for record in firsts),
        labels=tuple(int(record["label"]) for record in firsts),
        faces=tuple(faces),
        families=tuple(
            features["family"].int2str(record["family"]) for record in records[: len(faces)]
        ),
    )
    return atlas, legend


def _records(builder, split):
    # TFDS leaves the images encoded, since Pillow decodes them faster. They are so small that to
    # read them in threads would take twice as long.
    decoders = {"image": tfds.decode.SkipDecoding()}
    source = builder.as_data_source(split, decoders=decoders)
    in_turn = grain.ReadOptions(num_threads=0, prefetch_buffer_size=0)
    return list(grain.MapDataset.source(source).map(_with_pixels).to_iter_dataset(in_turn))


def _with_pixels(record):
    image = Image.open(io.BytesIO(record["image"])).convert("RGB")
    return {**record, "image": np.asarray(image)}


def _faces_in(records):
    return jnp.asarray(sorted({int(record["face"]) for record in records}), jnp.int32)
