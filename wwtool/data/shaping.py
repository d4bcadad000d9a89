"""Makes another speaker of a voice, or another way of speaking: vocal tract, pitch and its course, whisper, shout.

Spectra are changed frame by frame. An envelope is the spectrum smoothed by leaving out the cepstrum above 2 ms, which
keeps formants and drops harmonics (Oppenheim and Schafer, Discrete-Time Signal Processing, chapter on the cepstrum).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr

from wwtool.data.audio import Audio, to_int16
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

Samples = npt.NDArray[np.float32]
Spectrum = npt.NDArray[np.complex64]
Envelope = npt.NDArray[np.float32]

PLAIN, WHISPER, SHOUT = "plain", "whisper", "shout"

_FRAME, _STEP = 512, 128
_LIFTER = SAMPLE_RATE_HZ // 500  # 2 ms: below the period of the highest voices
_MOST_GAIN = 3.5  # nepers, 30 dB
_TREMOR_HZ = 5.5  # tremor of old voices is at 4 to 8 Hz (Titze, Principles of Voice Production)
_TREMOR_LEVEL = 4.0  # depth in level for each part in pitch
_WHISPER_LOW_HZ, _SHOUT_LOW_HZ, _SHOUT_DRIVE = 500.0, 1200.0, 2.5
_PEAK = 0.9


@dataclass(frozen=True)
class Shape:
    """How a voice is changed.

    Attributes:
        tract: length of the vocal tract; formants move by its inverse. Children have 0.7 to 0.85 of an adult's.
        pitch: factor of the pitch; formants stay.
        tremor: depth of the trembling of the pitch, as a share of it.
        contour: factors of the pitch at the beginning, the middle and the end.
        voicing: a member of VOICINGS.
    """

    tract: float = 1.0
    pitch: float = 1.0
    tremor: float = 0.0
    contour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    voicing: str = PLAIN

    @property
    def speaker(self) -> Shape:
        """The part that makes another speaker, without the way of speaking."""
        return Shape(self.tract, self.pitch, self.tremor)


def reshape(audio: Audio, shape: Shape) -> Audio:
    """A clip with another shape; both are int16 at 16 kHz. It lasts ``1 / shape.pitch`` times as long."""
    if shape == Shape() or not audio.size:
        return audio
    x = audio.astype(np.float32) / np.float32(32768.0)
    peak = float(np.abs(x).max(initial=0.0))
    if shape.pitch != 1.0:
        x = soxr.resample(x, SAMPLE_RATE_HZ * shape.pitch, SAMPLE_RATE_HZ).astype(np.float32)
    x = _bend(x, shape)
    formants = 1.0 / (shape.tract * shape.pitch)
    change = VOICINGS[shape.voicing]
    if formants != 1.0 or change is not None:
        x = _change_spectrum(x, formants, change)
    loudest = float(np.abs(x).max(initial=0.0))
    return to_int16(x * np.float32(min(max(peak, 0.1), _PEAK) / loudest)) if loudest else audio


def _bend(x: Samples, shape: Shape) -> Samples:
    """Moves the pitch over time, by reading faster and slower."""
    if not shape.tremor and shape.contour == (1.0, 1.0, 1.0):
        return x
    from scipy.ndimage import map_coordinates

    seconds = np.arange(len(x), dtype=np.float32) / SAMPLE_RATE_HZ
    course = np.interp(np.linspace(0.0, 1.0, len(x)), (0.0, 0.5, 1.0), shape.contour)
    tremor = np.sin(2 * np.pi * _TREMOR_HZ * seconds)
    places = np.cumsum(course * (1.0 + shape.tremor * tremor)) - 1.0
    places = places[places <= len(x) - 1]
    bent = map_coordinates(x, places[np.newaxis], order=3, mode="nearest")
    level = 1.0 + _TREMOR_LEVEL * shape.tremor * tremor[: len(bent)]
    return np.asarray(bent * level, np.float32)


def _change_spectrum(x: Samples, formants: float, change: Callable[[Spectrum, Envelope], Spectrum] | None) -> Samples:
    from scipy.signal import istft, stft  # worker processes that change no speaker start without it: it takes a second

    padded = np.pad(x, (0, max(0, _FRAME - len(x))))
    _, _, spectrum = stft(padded, nperseg=_FRAME, noverlap=_FRAME - _STEP)
    envelope = _envelope(spectrum)
    if formants != 1.0:
        bins = np.arange(envelope.shape[0], dtype=np.float32)
        rows = np.minimum(bins / np.float32(formants), bins[-1])
        low = rows.astype(np.int64)
        high = np.minimum(low + 1, len(bins) - 1)
        share = (rows - low)[:, np.newaxis]
        moved = envelope[low] * (1 - share) + envelope[high] * share
        spectrum = spectrum * np.exp(np.clip(moved - envelope, -_MOST_GAIN, _MOST_GAIN))
        envelope = moved
    if change is not None:
        spectrum = change(spectrum, envelope)
    _, y = istft(spectrum, nperseg=_FRAME, noverlap=_FRAME - _STEP)
    return np.asarray(y[: len(x)], np.float32)


def _envelope(spectrum: Spectrum) -> Envelope:
    """The logarithm of the envelope of each frame."""
    logarithm = np.log(np.abs(spectrum) + 1e-6)
    cepstrum = np.fft.irfft(logarithm, axis=0)
    cepstrum[_LIFTER : len(cepstrum) - _LIFTER + 1] = 0.0
    return np.asarray(np.fft.rfft(cepstrum, axis=0).real, np.float32)


def _whisper(spectrum: Spectrum, envelope: Envelope) -> Spectrum:
    """Noise in place of the voice; whispers have little below 500 Hz."""
    random = np.random.default_rng(1)
    noise = random.standard_normal(spectrum.shape) + 1j * random.standard_normal(spectrum.shape)
    low = 1.0 / (1.0 + (_WHISPER_LOW_HZ / np.maximum(_frequencies(spectrum), 1.0)) ** 2)
    return np.asarray(noise * np.exp(envelope) * low[:, np.newaxis], np.complex64)


def _shout(spectrum: Spectrum, envelope: Envelope) -> Spectrum:
    """Loud voices have more above 1 kHz, and their levels are closer together."""
    del envelope
    tilt = np.sqrt(1.0 + (_frequencies(spectrum) / _SHOUT_LOW_HZ) ** 2)
    level = np.sqrt(np.mean(np.abs(spectrum) ** 2, axis=0)) + 1e-9
    drive = np.tanh(_SHOUT_DRIVE * level / level.max()) / level
    return np.asarray(spectrum * tilt[:, np.newaxis] * drive, np.complex64)


def _frequencies(spectrum: Spectrum) -> npt.NDArray[np.float64]:
    return np.linspace(0.0, SAMPLE_RATE_HZ / 2, spectrum.shape[0])


VOICINGS: dict[str, Callable[[Spectrum, Envelope], Spectrum] | None] = {
    PLAIN: None,
    WHISPER: _whisper,
    SHOUT: _shout,
}
