"""Signal and noise of a tensor, summed row by row."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wwtool.quantizer.arithmetic import Real

MOST_DB = 120.0  # of a tensor that has no noise


@dataclass
class Sums:
    """Of all rows of a tensor: the float model's numbers beside those that integers stand for."""

    signal: float = 0.0
    noise: float = 0.0
    distance: float = 0.0
    largest: float = 0.0
    low: float = float("inf")
    high: float = float("-inf")
    count: int = 0
    rows: int = 0
    agreeing: int = 0

    def add(self, real: Real, stands_for: Real) -> None:
        error = np.abs(real.astype(np.float64) - stands_for)
        self.signal += float(np.square(real, dtype=np.float64).sum())
        self.noise += float(np.square(error).sum())
        self.distance += float(error.sum())
        self.largest = max(self.largest, float(error.max()))
        self.low, self.high = min(self.low, float(real.min())), max(self.high, float(real.max()))
        self.count += real.size
        self.rows += 1
        self.agreeing += decision(real) == decision(stands_for)

    @property
    def snr_db(self) -> float | None:
        if not self.signal:
            return None
        return round(min(10 * math.log10(self.signal / self.noise), MOST_DB), 2) if self.noise else MOST_DB


def decision(values: Real) -> int:
    """The class of the most likely of several values, or the side of the middle that a single probability is on."""
    return int(values.argmax()) if values.size > 1 else int(values.item() >= 0.5)
