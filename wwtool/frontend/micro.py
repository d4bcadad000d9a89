"""The micro front end on the host: 16 kHz audio to 40 log-mel features every 10 ms.

The numbers are those of ESPHome's front end (through ``pymicro-features``) and of ``ww_frontend.c``, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymicro_features import MicroFrontend

from wwtool.frontend import micro_tables
from wwtool.frontend.front_end import FrontEnd, Pcm
from wwtool.frontend.geometry import MICRO

_FLOAT_SCALE = 0.0390625  # pymicro-features multiplies by this, exactly, as it is 10 / 256
_HOPS_AT_ONCE = 1000
_INT8_DIVISOR = 666  # a feature of 666 spans the 256 steps of int8
_INT8_MIN, _INT8_MAX = -128, 127

MicroFeatures = NDArray[np.uint16]


class MicroStream:
    """Features of audio that comes in pieces of any size."""

    def __init__(self) -> None:
        self._frontend = MicroFrontend()
        self._process: Callable[[bytes], Any] = self._frontend.process_samples
        self._pending = np.zeros(0, np.int16)

    def process(self, pcm: Pcm) -> MicroFeatures:
        """Takes samples; returns the frames that they complete, ``(frames, channels)``, perhaps none."""
        if pcm.dtype != np.int16 or pcm.ndim != 1:
            raise TypeError(f"audio must be one channel of int16, not {pcm.dtype} of shape {pcm.shape}")
        audio = np.concatenate([self._pending, pcm]) if self._pending.size else pcm
        step = MICRO.step_samples
        end = audio.size // step * step
        self._pending = audio[end:].copy()
        # In pieces: frames come as lists of floats, which take twenty times the memory of the array made of them.
        piece = _HOPS_AT_ONCE * step
        pieces = [self._hops(audio[start : min(start + piece, end)].tobytes()) for start in range(0, end, piece)]
        return np.concatenate(pieces) if pieces else _no_frames()

    def _hops(self, data: bytes) -> MicroFeatures:
        process, hop_bytes = self._process, 2 * MICRO.step_samples
        frames = [process(data[start : start + hop_bytes]).features for start in range(0, len(data), hop_bytes)]
        complete = [frame for frame in frames if frame]
        return (np.array(complete) / _FLOAT_SCALE).astype(np.uint16) if complete else _no_frames()

    def reset(self) -> None:
        """Forgets all audio."""
        self._frontend.reset()
        self._pending = np.zeros(0, np.int16)


def _no_frames() -> MicroFeatures:
    return np.zeros((0, MICRO.channels), np.uint16)


# By the kernels of a core; the vector unit has none of its own.
_LANES = ("frame/ww_frame_lanes.c",)
_STAGES = {
    "": ("ww_frame.c", "ww_fft.c"),
    "dsp": ("frame/ww_frame_dsp.c",),
    "lanes": _LANES,
    "pie": _LANES,
}


class MicroFrontEnd(FrontEnd):
    """ESPHome's front end: noise suppression, automatic gain (PCAN) and a logarithm over mel bands."""

    name = "micro"
    geometry = MICRO

    def stream(self) -> MicroStream:
        return MicroStream()

    def quantize(self, values: MicroFeatures) -> NDArray[np.int8]:
        """``clamp((v * 256 + 333) / 666 - 128, -128, 127)``."""
        scaled = (values.astype(np.int32) * 256 + _INT8_DIVISOR // 2) // _INT8_DIVISOR + _INT8_MIN
        return np.minimum(scaled, _INT8_MAX).astype(np.int8)

    def c_sources(self, kernel_set: str) -> tuple[str, ...]:
        return ("ww_frontend.c", *_STAGES[kernel_set], "ww_frontend_tables.c")

    def c_tables(self) -> Mapping[str, str]:
        return {"ww_frontend_tables.c": micro_tables.render()}
