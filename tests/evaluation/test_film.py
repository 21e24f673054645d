"""Films of lifetimes: what a slot is said to hold, and a frame for each step."""

import numpy as np
import pytest
from matplotlib import animation
from PIL import Image

from memlearn.evaluation import film
from memlearn.memory.slot_memory import SlotTrace
from memlearn.tasks import language
from memlearn.tasks.play import Record
from memlearn.types import EPISODE, LIFETIME, NONE, PAD, TimeStep, UserError

STEPS = 5
OURS = {"image": (8, 8, 3), "name": (6,), "speech": (8, 4)}
OTHERS = {"image": (6, 9, 3), "vector": (3,)}


def record(forms):
    """Two things named, one that goes by, and two questions, of which one is answered right."""
    rng = np.random.default_rng(0)
    observation = {name: rng.integers(97, 123, (STEPS, *form)) for name, form in forms.items()}
    observation = {name: form.astype(np.uint8) for name, form in observation.items()}
    present = {name: np.ones(STEPS, bool) for name in forms}
    if forms == OURS:
        named = [[language.THIS_IS, language.FIRST_WORD + word] for word in (3, 1)]
        asked = [language.WHAT_IS_THIS, PAD]
        observation["text"] = np.array([*named, [PAD, PAD], asked, asked])
        present["speech"][0] = False
    boundary = np.array([LIFETIME, NONE, NONE, EPISODE, NONE])
    question, oracle = np.arange(STEPS) > 2, np.full(STEPS, 3)
    steps = TimeStep(observation, present, boundary, question, oracle, choices=None)
    return Record(steps, actions=np.array([0, 0, 0, 3, 1]), rewards=np.array([0, 0, 0, 1.0, -0.5]))


def trace():
    """What one bank of three slots did in that lifetime."""
    write, decay = np.zeros((STEPS, 1, 3)), np.zeros((STEPS, 1, 3))
    write[0, 0, 0], write[3, 0, 0] = 1.0, 0.8  # is written over ...
    decay[3, 0, 0] = np.log(0.25)  # ... and not quite gone
    write[1, 0, 1], decay[2:, 0, 1] = 0.9, np.log(0.5)  # is forgotten little by little
    read, ones = np.zeros_like(write), np.ones((STEPS, 1))
    read[3, 0, 0] = 0.9
    done = dict(write=write, read=read, decay=decay, admission=ones[:, 0], read_banks=ones)
    return SlotTrace(**{**dict.fromkeys(SlotTrace._fields), **done})


def test_a_slot_holds_what_was_written_there_last():
    event, left, full = film.holdings(trace().write, trace().decay)
    np.testing.assert_array_equal(event[:, 0, 0], [0, 0, 0, 3, 3])
    np.testing.assert_allclose(left[:, 0, 0], [1, 1, 1, 0.8, 0.8])
    np.testing.assert_allclose(full[:, 0, 0], [1, 1, 1, 1.05, 1.05])
    np.testing.assert_array_equal(event[1:, 0, 1], 1)
    np.testing.assert_allclose(left[:, 0, 1], [0, 0.9, 0.45, 0.225, 0.1125])
    np.testing.assert_array_equal(left[:, 0, 2], 0)


@pytest.mark.parametrize("forms", [OURS, OTHERS], ids=["ours", "others"])
@pytest.mark.parametrize("remembers", [True, False])
def test_there_is_a_frame_for_each_step(tmp_path, forms, remembers):
    path, memory = tmp_path / "lifetime.gif", trace() if remembers else None
    film.draw(record(forms), memory, "a task", "a lifetime", path, range(STEPS))
    with Image.open(path) as image:
        assert image.n_frames == STEPS and (image.width > 1000) == remembers
        for step in range(STEPS):
            image.seek(step)
            assert np.asarray(image.convert("RGB")).std() > 0


def test_what_cannot_be_made_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(animation.FFMpegWriter, "isAvailable", lambda: False)
    for name, complaint in (("film.mp4", "ffmpeg"), ("film.png", "a film is a .gif or an .mp4")):
        with pytest.raises(UserError, match=complaint):
            film.draw(record(OURS), None, "a task", "a lifetime", tmp_path / name, range(STEPS))
    assert not list(tmp_path.iterdir())
