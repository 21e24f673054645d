"""Spoken names: what they look like, that everyone hears the same, and that work is kept."""

import hashlib
import pathlib

import numpy as np
import pytest
import tensorflow_datasets as tfds

from memlearn import worlds
from memlearn.data import atlas, build, records
from memlearn.data.classes import spectrogram, voices
from memlearn.types import UserError
from tests.worlds import small_config

pytest.importorskip("espeakng_loader", reason="the extra [speech] is not installed")

THINGS = [f"{size} {thing}" for size in ("red", "blue", "tall") for thing in (
    *("apple", "bicycle", "candle", "dolphin", "engine", "feather", "guitar", "hammer", "island"),
    *("jacket", "kettle", "ladder", "mountain", "needle", "orange", "pillow"),
)]  # fmt: skip


class Things(tfds.core.GeneratorBasedBuilder):
    """Grey images with names."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = records.features((32, 32, 3), ["a", "b", "c"], ["seen", "unseen"])
        features = tfds.features.FeaturesDict(features)
        return tfds.core.DatasetInfo(builder=self, description="Things.", features=features)

    def _split_generators(self, dl_manager):
        return records.splits(self._generate_examples)

    def _generate_examples(self, part, kind):
        for label, name in enumerate(THINGS):
            for face in ("a", "b") if kind == "seen" else ("c",):
                if records.part_of(name) == part:
                    image = records.png(np.full((32, 32, 3), label, np.uint8))
                    about = dict(name=name, character=name[0], label=label, face=face, family=kind)
                    yield f"{label}/{face}", {"image": image, **about}


@pytest.fixture(scope="module")
def few():
    """Three voices that are trained on, and two that are not."""
    with pytest.MonkeyPatch.context() as patch:
        for name, those in {"SEEN": ("f1", "m1", "m2"), "UNSEEN": ("f4", "m4")}.items():
            patch.setattr(voices, name, those)
        patch.setattr(voices, "VOICES", (*voices.SEEN, *voices.UNSEEN))
        patch.setitem(build.BUILDERS, "things", Things)
        yield patch


@pytest.fixture(scope="module")
def spoken_dir(few, tmp_path_factory):
    """A folder of data in which the things are spoken."""
    root = tmp_path_factory.mktemp("spoken")
    build.prepare("speech:things", root)
    return root


def tone(hertz, seconds, rate=22050):
    wave = 20000 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)
    return wave.astype(np.int16), rate


@pytest.mark.parametrize(("hertz", "band"), [(200, 1), (1000, 10), (4000, 24)])
def test_a_tone_is_a_line_whatever_its_length(hertz, band):
    """The peak of band m lies (m + 1) / 33 of the way from 80 to 7600 Hz, in mel."""
    short, long = (spectrogram.log_mel(*tone(hertz, seconds)) for seconds in (0.5, 2.0))
    assert short.shape == (spectrogram.FRAMES, spectrogram.BANDS) and short.dtype == np.uint8
    assert set(short[8:-8].argmax(1)) == set(long[8:-8].argmax(1)) == {band}
    assert np.abs(short[8:-8].astype(int) - long[8:-8]).mean() < 8
    assert short.max() == 255


def test_silence_around_a_sound_is_cut_and_silence_alone_is_black():
    samples, rate = tone(500, 0.5)
    padded = np.concatenate([np.zeros(5000, np.int16), samples, np.zeros(9000, np.int16)])
    np.testing.assert_allclose(
        spectrogram.log_mel(padded, rate).astype(int), spectrogram.log_mel(samples, rate), atol=3
    )
    assert not spectrogram.log_mel(np.zeros(4000, np.int16), rate).any()


def test_everyone_hears_the_same_and_voices_differ():
    def heard(*names):
        spoken = voices.spectrograms(names, THINGS[:6])
        return {n: hashlib.sha256(x.tobytes()).hexdigest() for n, x in zip(names, spoken)}

    one, other = heard("f1", "m3", "Andy"), heard("Andy", "f1", "m3")
    assert one == other, "whoever spoke before"
    assert len(set(one.values())) == 3


def test_voices_and_classes_are_held_out(spoken_dir):
    heard = {part: atlas.load("speech:things", part, spoken_dir) for part in ("train", "test")}
    for part, (loaded, legend) in heard.items():
        count = sum(records.part_of(name) == part for name in THINGS)
        assert loaded.forms.shape == (count, 5, spectrogram.FRAMES, spectrogram.BANDS)
        assert loaded.there.all() and loaded.seen.tolist() == [0, 1, 2]
        assert loaded.unseen.tolist() == [3, 4] and legend.faces == ("f1", "m1", "m2", "f4", "m4")
        assert legend.names["en"] == tuple(n for n in THINGS if records.part_of(n) == part)


def test_what_was_spoken_is_kept_and_what_is_damaged_is_spoken_again(few, spoken_dir):
    kept = sorted(pathlib.Path(spoken_dir, "downloads", "speech").glob("*.npz"))
    assert [path.name.partition("-")[0] for path in kept] == ["f1", "f4", "m1", "m2", "m4"]
    before = atlas.load("speech:things", "test", spoken_dir)[0]
    kept[0].write_bytes(kept[0].read_bytes()[:-500])
    kept[1].unlink()
    asked, speak = [], voices.spectrograms
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(voices, "spectrograms", lambda v, t: asked.extend(v) or speak(v, t))
        build.prepare("speech:things", spoken_dir, overwrite=True)
    assert sorted(asked) == ["f1", "f4"]
    after = atlas.load("speech:things", "test", spoken_dir)[0]
    np.testing.assert_array_equal(before.forms, after.forms)


def test_a_world_has_all_senses_of_the_same_classes(spoken_dir):
    config = small_config()
    config.data, config.data_dir, config.task = "things", str(spoken_dir), "crossmodal"
    config.senses = ("image", "name", "speech")
    held_out = worlds.world(config, **worlds.HELD_OUT)
    assert list(held_out.senses) == list(config.senses) and held_out.tasks.size == 6
    speech = held_out.senses["speech"]
    assert not speech.study_faces[:, :3].any() and not speech.ask_faces[:, :3].any()
    labels = held_out.senses["image"].forms[:, 0, 0, 0, 0]
    names = [
        bytes(row[0]).rstrip(b"\0").decode() for row in np.asarray(held_out.senses["name"].forms)
    ]
    assert names == [THINGS[label] for label in labels]


def test_speech_is_an_extra(monkeypatch, few, tmp_path):
    monkeypatch.setattr(voices.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install -e '.\[speech\]'"):
        build.prepare("speech:things", tmp_path)
