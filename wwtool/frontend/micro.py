"""The micro front end on the host: 16 kHz audio to 40 log-mel features a hop.

The numbers are those of ESPHome's front end (through ``pymicro-features``) and of ``ww_frontend.c``, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymicro_features import MicroFrontend

from wwtool.errors import InputError

SAMPLE_RATE_HZ = 16000
CHANNELS = 40
WINDOW_SAMPLES = 480
STEP_MS = 10  # the only hop of pymicro-features
STEP_SAMPLES = SAMPLE_RATE_HZ * STEP_MS // 1000

_FLOAT_SCALE = 0.0390625  # pymicro-features multiplies by this, exactly, as it is 10 / 256
_HOPS_AT_ONCE = 1000
_INT8_DIVISOR = 666  # a feature of 666 spans the 256 steps of int8
_INT8_MIN, _INT8_MAX = -128, 127

Pcm = NDArray[np.int16]
Features = NDArray[np.uint16]


def features(pcm: Pcm, step_ms: int = STEP_MS) -> Features:
    """Features of a whole clip, from a front end that has heard nothing before.

    Args:
        pcm: 16 kHz mono samples, ``(samples,)``.
        step_ms: hop; only 10 is there on the host.

    Returns:
        ``(frames, 40)``: the first frame after 480 samples, then one every 160.
    """
    if step_ms != STEP_MS:
        raise InputError(f"features are computed every {STEP_MS} ms on the host, not every {step_ms} ms")
    return FeatureStream().process(pcm)


class FeatureStream:
    """Features of audio that comes in pieces of any size."""

    def __init__(self) -> None:
        self._frontend = MicroFrontend()
        self._process: Callable[[bytes], Any] = self._frontend.process_samples
        self._pending = np.zeros(0, np.int16)

    def process(self, pcm: Pcm) -> Features:
        """Takes samples; returns the frames they complete, ``(frames, 40)``, perhaps none."""
        if pcm.dtype != np.int16 or pcm.ndim != 1:
            raise TypeError(f"audio must be one channel of int16, not {pcm.dtype} of shape {pcm.shape}")
        audio = np.concatenate([self._pending, pcm]) if self._pending.size else pcm
        hops = audio.size // STEP_SAMPLES
        self._pending = audio[hops * STEP_SAMPLES :].copy()
        # In pieces: frames come as lists of floats, which take twenty times the memory of what is made of them.
        pieces = [
            self._hops(audio[start : min(start + _HOPS_AT_ONCE * STEP_SAMPLES, hops * STEP_SAMPLES)].tobytes())
            for start in range(0, hops * STEP_SAMPLES, _HOPS_AT_ONCE * STEP_SAMPLES)
        ]
        return np.concatenate(pieces) if pieces else np.zeros((0, CHANNELS), np.uint16)

    def _hops(self, data: bytes) -> Features:
        process, hop_bytes = self._process, 2 * STEP_SAMPLES
        frames = [process(data[start : start + hop_bytes]).features for start in range(0, len(data), hop_bytes)]
        complete = [frame for frame in frames if frame]
        if not complete:
            return np.zeros((0, CHANNELS), np.uint16)
        return (np.array(complete) / _FLOAT_SCALE).astype(np.uint16)

    def reset(self) -> None:
        """Forgets all audio."""
        self._frontend.reset()
        self._pending = np.zeros(0, np.int16)


def quantized(blocks: Iterable[Pcm]) -> NDArray[np.int8]:
    """A model's int8 input, ``(frames, 40)``, from audio that comes in blocks, however long it is."""
    stream = FeatureStream()
    return np.concatenate([np.zeros((0, CHANNELS), np.int8), *(quantize(stream.process(block)) for block in blocks)])


def quantize(values: Features) -> NDArray[np.int8]:
    """Features to a model's int8 input, as the device does: ``clamp((v * 256 + 333) / 666 - 128, -128, 127)``."""
    scaled = (values.astype(np.int32) * 256 + _INT8_DIVISOR // 2) // _INT8_DIVISOR + _INT8_MIN
    return np.minimum(scaled, _INT8_MAX).astype(np.int8)
