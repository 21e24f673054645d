"""Lifetimes as a data set in the format of RLDS (Ramos et al., 2021), for others to learn from.

A lifetime is an episode of RLDS. A step is what was perceived, what was answered, and the reward of
that answer; the answer of the last step that has one is followed by a step that is only an end, as
RLDS asks for. The boundaries within a lifetime, whether a step is a question, what would be right
there and how many answers there are to choose from stand beside them.
"""

import itertools
import pathlib
import shutil
import tempfile

import jax
import numpy as np
import tensorflow_datasets as tfds

from memlearn.data import records
from memlearn.types import NONE, UserError

BESIDE = {"boundary": np.int32, "question": np.bool_, "oracle": np.int32, "choices": np.int32}


def new(folder):
    """Returns the path of a folder to write to; raises a `UserError` if it exists."""
    folder = pathlib.Path(folder)
    if folder.exists():
        raise UserError(f"{folder} exists already; remove it, or write to another folder")
    return folder


def write(batches, folder, description, licence):
    """Writes lifetimes as a data set that `tfds.builder_from_directory(folder)` reads.

    Args:
      batches: iterable of `Record`, arrays [B, T, ...], all of the same shapes but for B.
      folder: str or path, which must not exist; it is there once all is written.
      description: str, whose lifetimes they are.
      licence: str, of what is shown in them.

    Raises:
      UserError: the folder exists.
    """
    folder = new(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    batches = iter(batches)
    first = jax.device_get(next(batches))
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as partial:
        batches = itertools.chain([first], batches)
        settings = dict(data_dir=partial, file_format="array_record")
        about = dict(description=description, licence=licence)
        builder = Lifetimes(like=first, batches=batches, about=about, **settings)
        builder.download_and_prepare()
        shutil.move(builder.data_dir, folder)


class Lifetimes(tfds.core.GeneratorBasedBuilder):
    """Lifetimes in one split, `train`.

    Args:
      like: `Record`, arrays [B, T, ...], by which the features are chosen.
      batches: iterable of such.
      about: dict of str, the `description` and the `licence`.
      **settings: of a builder.
    """

    VERSION = tfds.core.Version("1.0.0")

    def __init__(self, *, like, batches, about, **settings):
        self._like, self._batches, self._about = like, batches, about
        super().__init__(**settings)

    def _info(self):
        steps = self._like.steps
        observation = {name: _feature(x) for name, x in steps.observation.items()}
        present = dict.fromkeys(steps.present, np.bool_)
        step = {
            "observation": {**observation, "present": present},
            "action": np.int32,
            **dict.fromkeys(("reward", "discount"), np.float32),
            **dict.fromkeys(("is_first", "is_last", "is_terminal"), np.bool_),
            **BESIDE,
        }
        features = {"steps": tfds.features.Dataset(step), "lifetime": np.int64}
        return tfds.core.DatasetInfo(
            builder=self,
            description=self._about["description"],
            license=self._about["licence"],
            features=tfds.features.FeaturesDict(features),
        )

    def _split_generators(self, dl_manager):
        del dl_manager  # nothing to download
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        count = itertools.count()
        for batch in self._batches:
            batch = jax.device_get(batch)
            for lifetime in range(batch.actions.shape[0]):
                one = jax.tree.map(lambda x, i=lifetime: x[i], batch)
                number = next(count)
                yield number, {"steps": _steps(one), "lifetime": number}


def _steps(record):
    """The steps of a lifetime, arrays [T, ...], as RLDS has them."""
    steps, length = record.steps, record.actions.size
    observation = {
        name: [records.png(image) for image in x] if _is_image(x) else list(x)
        for name, x in steps.observation.items()
    }
    written = [
        {
            "observation": {
                **{name: x[t] for name, x in observation.items()},
                "present": {name: x[t] for name, x in steps.present.items()},
            },
            "action": record.actions[t],
            "reward": record.rewards[t],
            "discount": 1.0,
            "is_first": t == 0,
            "is_last": False,
            "is_terminal": False,
            **{name: getattr(steps, name)[t] for name in BESIDE},
        }
        for t in range(length)
    ]
    nothing = dict.fromkeys(steps.present, False)
    return [*written, {
        **written[-1],
        "observation": {**written[-1]["observation"], "present": nothing},
        **dict(action=0, reward=0.0, discount=0.0, is_first=False, is_last=True, is_terminal=True),
        **dict(boundary=NONE, question=False, oracle=0, choices=1),
    }]  # fmt: skip


def _feature(x):
    if _is_image(x):
        return tfds.features.Image(shape=x.shape[-3:], encoding_format="png")
    return tfds.features.Tensor(shape=x.shape[2:], dtype=x.dtype)


def _is_image(x):
    return x.dtype == np.uint8 and x.ndim >= 4 and x.shape[-1] == 3
