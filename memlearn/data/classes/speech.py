"""Speech: the names of another data set's classes, spoken by many voices, as spectrograms."""

import functools
import hashlib
import importlib.metadata
import pathlib
import zipfile
import zlib

import numpy as np
import tensorflow_datasets as tfds
from rich import console, progress

from memlearn.data import records
from memlearn.data.classes import spectrogram, voices

PREFIX = "speech:"  # of the name of such a data set


class Speech(tfds.core.GeneratorBasedBuilder):
    """Spoken names; splits `{train,val,test}_{seen,unseen}`, one spectrogram a record.

    Args:
      source: tfds.core.DatasetBuilder of the other data set, ready to be read.
      **settings: of a builder.
    """

    VERSION = tfds.core.Version("1.0.0")

    def __init__(self, *, source, **settings):
        self._source = source
        name = folder_of(pathlib.Path(source.data_dir).relative_to(settings["data_dir"]))
        super().__init__(config=tfds.core.BuilderConfig(name=name), **settings)

    def _info(self):
        shape, source = (spectrogram.FRAMES, spectrogram.BANDS, 1), self._source.info
        features = records.features(shape, voices.VOICES, ["seen", "unseen"])
        return tfds.core.DatasetInfo(
            builder=self,
            description=f"The English names of the classes of {source.full_name}, spoken by "
            f"{len(voices.VOICES)} voices of eSpeak NG: log-mel spectrograms of "
            f"{spectrogram.FRAMES} frames and {spectrogram.BANDS} bands.\n"
            "Splits: classes as there, times voices seen/unseen.",
            homepage="https://github.com/espeak-ng/espeak-ng",
            license="spoken by eSpeak NG, GPL-3.0; the names as in the other data set",
            features=tfds.features.FeaturesDict(features),
        )

    def _split_generators(self, dl_manager):
        voices.check()
        classes = _classes(self._source)
        folder = pathlib.Path(dl_manager.download_dir, "speech")
        spoken = _spoken([record["name"] for _, record in classes], folder)
        return records.splits(functools.partial(self._generate_examples, classes, spoken))

    def _generate_examples(self, classes, spoken, part, kind):
        for voice in voices.SEEN if kind == "seen" else voices.UNSEEN:
            for (belongs, record), image in zip(classes, spoken[voice]):
                if belongs == part:
                    heard = {"image": records.png(image), "face": voice, "family": kind}
                    yield f"{record['label']}/{voice}", {**record, **heard}


def folder_of(source):
    """Returns a name for the folder of a data set whose source lies in another one."""
    return "_".join(source.parts[:-1])  # all but its version


def _classes(source):
    """Lists the classes of a data set: the split of each, and what its records say of it."""
    undecoded, classes = {"image": tfds.decode.SkipDecoding()}, {}
    for split in source.info.splits:
        for record in source.as_data_source(split, decoders=undecoded):
            about = {name: record[name].decode() for name in ("name", "character")}
            label = int(record["label"])
            classes[label] = split.partition("_")[0], {**about, "label": label}
    return [classes[label] for label in sorted(classes)]


def _spoken(names, folder):
    """Maps each voice to its spectrograms, of which those are kept that were made before."""
    version = importlib.metadata.version("espeakng-loader")
    what = [version, str(Speech.VERSION), *names]
    said = hashlib.sha256("\n".join(what).encode()).hexdigest()[:12]
    paths = {voice: folder / f"{voice}-{said}.npz" for voice in voices.VOICES}
    spoken = {voice: kept for voice, path in paths.items() if (kept := _kept(path)) is not None}
    missing = [voice for voice in voices.VOICES if voice not in spoken]
    folder.mkdir(parents=True, exist_ok=True)
    with progress.Progress(console=console.Console(stderr=True), transient=True) as bar:
        made = voices.spectrograms(missing, names)
        for voice, images in zip(missing, bar.track(made, len(missing), description="speaking")):
            partial = paths[voice].with_suffix(".partial.npz")
            np.savez_compressed(partial, images=images)
            partial.rename(paths[voice])
            spoken[voice] = images
    return spoken


def _kept(path):
    """Reads the spectrograms of a file; None where it is missing or damaged, to be made anew."""
    try:
        with np.load(path) as file:  # checks what it reads, as every zip file does
            return file["images"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
