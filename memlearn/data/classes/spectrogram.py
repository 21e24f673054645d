"""Spectrograms: what a sound looks like, whatever its length, as an image of one size."""

import functools

import numpy as np

FRAMES, BANDS = 64, 32
_WINDOW = 1024  # samples of a frame
_LOWEST, _HIGHEST = 80.0, 7600.0  # Hz
_RANGE = 60.0  # dB below the loudest, from which on it is silence
_QUIET = 0.01  # of the loudest sample: where a sound begins and ends


def log_mel(samples, rate):
    """Draws the log-mel spectrogram of a sound.

        x[f, m] = 255 (1 + max(10 log10(P[f] . mel[m]) - loudest, -60 dB) / 60 dB)

    with P[f] the power spectrum of frame f, under a Hann window. Frames lie evenly between the
    beginning and the end of the sound, so that whoever speaks slowly says the same.

    Args:
      samples: int16 [length].
      rate: int, samples a second.

    Returns:
      uint8 [FRAMES, BANDS].
    """
    samples = samples.astype(np.float32)
    heard = np.flatnonzero(np.abs(samples) > _QUIET * np.abs(samples).max())
    if not heard.size:
        return np.zeros((FRAMES, BANDS), np.uint8)
    half = _WINDOW // 2
    samples = np.pad(samples[heard[0] : heard[-1] + 1], half)
    middles = np.linspace(half, samples.size - half - 1, FRAMES).astype(int)
    frames = samples[middles[:, None] + np.arange(-half, half)] * np.hanning(_WINDOW)
    power = np.square(np.abs(np.fft.rfft(frames, axis=1)))
    decibel = 10 * np.log10(power @ _mel_bands(rate).T + 1e-9)
    return np.round(255 * (1 + np.maximum(decibel - decibel.max(), -_RANGE) / _RANGE)).astype(
        np.uint8
    )


@functools.cache
def _mel_bands(rate):
    """Triangles that overlap by half, evenly spaced in mel: float [BANDS, _WINDOW / 2 + 1]."""
    mel = 2595 * np.log10(1 + np.array([_LOWEST, _HIGHEST]) / 700)
    corners = 700 * (10 ** (np.linspace(*mel, BANDS + 2) / 2595) - 1)
    low, peak, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    frequencies = np.fft.rfftfreq(_WINDOW, 1 / rate)
    rising, falling = (frequencies - low) / (peak - low), (high - frequencies) / (high - peak)
    return np.maximum(np.minimum(rising, falling), 0)
