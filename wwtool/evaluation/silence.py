"""The silence gate: which inferences are skipped because nothing is to be heard, as ``core/ww_silence.c`` does it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wwtool.errors import InputError
from wwtool.evaluation.detector import DetectorConfig

LEAST_STRIDE = 2


@dataclass(frozen=True)
class SilenceGate:
    """Settings of the gate.

    Attributes:
        threshold: a frame is loud if the mean of its features, each as 0 to 255, is this or more.
        rows: the hops that a model remembers. The gate closes after as many silent ones, and the model catches up
            with as many before it opened.
    """

    threshold: int
    rows: int

    @staticmethod
    def of(detector: DetectorConfig) -> SilenceGate | None:
        """The gate of a detector; None: it has none."""
        return SilenceGate(detector.silence, detector.silence_rows) if detector.silence else None

    @staticmethod
    def check(stride: int) -> None:
        """Raises InputError if a model runs at each frame: it could not catch up."""
        if stride < LEAST_STRIDE:
            raise InputError(
                "a silence gate wants a model that runs at every second feature frame or less often, and this one runs "
                "at each; set detector.silence_gate to 0"
            )

    def open_hops(self, frames: NDArray[np.int8], stride: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which hops count, and which the model hears, both (hops,).

        Args:
            frames: a front end's features, (frames, channels).
            stride: frames of a hop.

        Raises:
            InputError: the model runs at each frame, so it could not catch up.
        """
        self.check(stride)
        hops, channels = len(frames) // stride, frames.shape[1]
        sums = (frames[: hops * stride].astype(np.int32) + 128).sum(axis=1)
        loud = (sums >= self.threshold * channels).reshape(hops, stride).any(axis=1)
        number = np.arange(hops)
        opens = number - np.maximum.accumulate(np.where(loud, number, -self.rows)) < self.rows
        following = np.where(opens, number, hops + self.rows)[::-1]
        hears = np.minimum.accumulate(following)[::-1] - number <= self.rows
        return opens, hears
