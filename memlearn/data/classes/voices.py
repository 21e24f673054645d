"""Voices of eSpeak NG, of the package `espeakng-loader`, and what texts sound like in them.

eSpeak NG draws random numbers, from one text to the next. So that everyone hears the same, a voice
speaks all its texts in one go, in a process of its own.
"""

import concurrent.futures
import ctypes
import importlib.util
import multiprocessing
from typing import NamedTuple

import numpy as np

from memlearn.data.classes import spectrogram
from memlearn.types import UserError

LANGUAGE = "en-us"
SEEN = (
    *("f1", "f2", "f3", "f5", "m1", "m2", "m3", "m5", "m6", "m7", "Alex", "Andy", "Annie"),
    *("Gene", "Jacky", "Steph", "adam", "belinda"),
)
UNSEEN = ("f4", "m4", "m8", "Alicia", "Michael", "linda")
VOICES = (*SEEN, *UNSEEN)

_SYNCHRONOUS, _UTF8, _RATE = 2, 1, 1  # of eSpeak's speak_lib.h: an output, an encoding, a parameter
_WORDS_PER_MINUTE = 175
_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


class Wave(NamedTuple):
    """A sound.

    Attributes:
      samples: int16 [length].
      rate: int, samples a second.
    """

    samples: np.ndarray
    rate: int


def check():
    """Raises a `UserError` if eSpeak NG is not installed."""
    if importlib.util.find_spec("espeakng_loader") is None:
        raise UserError("speech is spoken by eSpeak NG, not installed: pip install -e '.[speech]'")


def spectrograms(voices, texts):
    """Yields what texts look like, spoken by one voice after another.

    Args:
      voices: list of str, of VOICES.
      texts: list of str.

    Yields:
      uint8 [texts, frames, bands], as `spectrogram.log_mel` has them.
    """
    # Spawned, and a new one for each voice: what it was told before would make a difference.
    context = multiprocessing.get_context("spawn")
    settings = dict(max_workers=2, max_tasks_per_child=1, mp_context=context)
    with concurrent.futures.ProcessPoolExecutor(**settings) as processes:
        try:
            yield from processes.map(_spectrograms, voices, [texts] * len(voices))
        except BaseException:
            processes.shutdown(wait=False, cancel_futures=True)
            raise


def _spectrograms(voice, texts):
    return np.stack([spectrogram.log_mel(*wave) for wave in speak(voice, texts)])


def speak(voice, texts):
    """Speaks texts, in a process that has not spoken yet; yields a `Wave` each."""
    import espeakng_loader  # an extra

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data, said = espeakng_loader.get_data_path().encode(), []
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data, 0)

    def listen(samples, length, _):
        if samples and length:
            said.append(np.ctypeslib.as_array(samples, (length,)).copy())
        return 0

    callback = _CALLBACK(listen)  # kept, for eSpeak does not keep it
    library.espeak_SetSynthCallback(callback)
    if library.espeak_SetVoiceByName(f"{LANGUAGE}+{voice}".encode()):
        raise ValueError(f"eSpeak NG has no voice {voice}")
    library.espeak_SetParameter(_RATE, _WORDS_PER_MINUTE, 0)
    library.espeak_ng_SetRandSeed(ctypes.c_long(0))
    for text in texts:
        said.clear()
        written = text.encode() + b"\0"
        library.espeak_Synth(written, len(written), 0, 0, 0, _UTF8, None, None)
        library.espeak_Synchronize()
        yield Wave(np.concatenate(said), rate)
