"""How recall holds up when the phrase is harder to hear: noise, distance, speed, level, sample rate, microphone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import soxr
from scipy.signal import butter, fftconvolve, sosfilt

from wwtool.base.cancellation import Cancellation
from wwtool.data.audio import Audio, to_int16
from wwtool.data.utterance import FloatAudio, to_float
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.material import Material, positive_recording
from wwtool.evaluation.metrics import is_detected, wilson_interval
from wwtool.evaluation.streaming import StreamingModel
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

Change = Callable[[FloatAudio], FloatAudio]


@dataclass(frozen=True)
class Condition:
    """A way to make clips harder to hear. ``snr_db``: noise below the word, None: none; ``change``: of each clip."""

    group: str
    name: str
    snr_db: float | None = None
    change: Change | None = None


@dataclass(frozen=True)
class Robustness:
    """The recall in one condition, with its 95 % interval."""

    group: str
    name: str
    detected: int
    clips: int
    recall: float
    interval: tuple[float, float]


def _gain(db: float, x: FloatAudio) -> FloatAudio:
    """Louder or softer; what is too loud is clipped, as a microphone's converter does."""
    return np.asarray(np.clip(x * 10 ** (db / 20), -1.0, 1.0), np.float32)


def _level(dbfs: float, x: FloatAudio) -> FloatAudio:
    """From far away or into a microphone of low gain: the peak in dB below full scale."""
    return _scaled(x, 10 ** (dbfs / 20))


def _speed(factor: float, x: FloatAudio) -> FloatAudio:
    """Faster, and higher with it."""
    return np.asarray(soxr.resample(x, SAMPLE_RATE_HZ * factor, SAMPLE_RATE_HZ), np.float32)


def _rate(hertz: int, x: FloatAudio) -> FloatAudio:
    """Recorded at a lower sample rate."""
    return np.asarray(soxr.resample(soxr.resample(x, SAMPLE_RATE_HZ, hertz), hertz, SAMPLE_RATE_HZ), np.float32)


def _far(decay_s: float, x: FloatAudio) -> FloatAudio:
    """From across a room whose echo decays by 60 dB in so many seconds; hardly any sound comes straight."""
    random = np.random.default_rng(1)
    count = int(decay_s * SAMPLE_RATE_HZ)
    echo = random.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    response = echo * (0.7 / np.sqrt((echo**2).sum()))
    response[0] += 0.7
    return _peak(np.asarray(fftconvolve(x, response), np.float32), x)


def _microphone(low_hz: float, high_hz: float, x: FloatAudio) -> FloatAudio:
    """A small microphone behind a hole, which passes a band."""
    band = butter(2, (low_hz, high_hz), "bandpass", fs=SAMPLE_RATE_HZ, output="sos")
    return _peak(np.asarray(sosfilt(band, x), np.float32), x)


def _peak(y: FloatAudio, like: FloatAudio) -> FloatAudio:
    return _scaled(y, float(np.abs(like).max(initial=0.0)))


def _scaled(x: FloatAudio, peak: float) -> FloatAudio:
    return x * np.float32(peak / max(1e-9, float(np.abs(x).max(initial=0.0))))


CONDITIONS: tuple[Condition, ...] = (
    *(Condition("noise", f"{db} dB", float(db)) for db in (20, 15, 10, 5, 0, -5)),
    *(Condition("speed", f"x{factor:g}", change=partial(_speed, factor)) for factor in (0.8, 0.9, 1.1, 1.25)),
    *(Condition("gain", f"{db:+d} dB", change=partial(_gain, float(db))) for db in (-30, -20, -10, 10, 20)),
    *(Condition("peak", f"{dbfs} dBFS", change=partial(_level, float(dbfs))) for dbfs in (-40, -50)),
    *(Condition("sample rate", f"{hz / 1000:g} kHz", change=partial(_rate, hz)) for hz in (8000, 11_025)),
    *(Condition("far field", f"{seconds:g} s", change=partial(_far, seconds)) for seconds in (0.3, 0.6, 1.0)),
    Condition("microphone", "300 to 3400 Hz", change=partial(_microphone, 300.0, 3400.0)),
    Condition("microphone", "80 to 5000 Hz", change=partial(_microphone, 80.0, 5000.0)),
)


def robustness(
    model: StreamingModel, material: Material, detector: DetectorConfig, advance: Callable[[int, int], None],
    cancel: Cancellation,
) -> list[Robustness]:  # fmt: skip
    """The recall of the material's clips of the phrase in every condition, at one detector.

    Raises:
        CancelledError: somebody has cancelled; checked at every clip.
    """
    results = []
    for number, condition in enumerate(CONDITIONS):
        advance(number, len(CONDITIONS))
        clips = changed(material.positives, condition.change)
        noise = None if condition.snr_db is None else material.noise
        recording = positive_recording(clips, noise, condition.snr_db or 0.0, model.front_end, cancel)
        hits, count = int(is_detected(recording.track(model), detector).sum()), len(clips)
        share = hits / count if count else 0.0
        results.append(Robustness(condition.group, condition.name, hits, count, share, wilson_interval(hits, count)))
    return results


def changed(clips: Sequence[Audio], change: Change | None) -> Sequence[Audio]:
    """The clips, each as the change makes it."""
    return clips if change is None else [to_int16(change(to_float(clip))) for clip in clips]
