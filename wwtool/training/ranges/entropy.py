"""The range that loses least information: the smallest Kullback-Leibler divergence (Migacz 2017, for TensorRT)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from torch import Tensor

_BINS = 2048
_STEP = 16  # bins from one range that is tried to the next


def entropy(values: Tensor, zero_point: int) -> tuple[float, float]:
    """A range that is symmetric, or for a zero point of -128 from 0 on."""
    magnitudes = np.abs(values.detach().cpu().numpy().astype(np.float64))
    largest = float(magnitudes.max())
    if largest <= 0.0:
        return 0.0, 0.0
    counts = np.histogram(magnitudes, bins=_BINS, range=(0.0, largest))[0].astype(np.float64)
    levels = 127 - zero_point if zero_point == -128 else 128
    tried = range(levels, _BINS + 1, _STEP)
    best = min(tried, key=lambda bins: _divergence(counts, bins, levels))
    limit = largest * best / _BINS
    return (0.0 if zero_point == -128 else -limit), limit


def _divergence(counts: npt.NDArray[np.float64], bins: int, levels: int) -> float:
    """Of the first ``bins`` bins in ``levels`` steps from what was counted, whose rest is clipped to the last bin."""
    reference = counts[:bins].copy()
    reference[-1] += counts[bins:].sum()
    group = np.minimum(np.arange(bins) * levels // bins, levels - 1)
    there = counts[:bins] > 0
    sums, sizes = np.bincount(group, counts[:bins], levels), np.bincount(group, there, levels)
    coarse = np.where(there, (sums / np.maximum(sizes, 1.0))[group], 0.0)
    p, q = reference / reference.sum(), coarse / max(coarse.sum(), 1e-12)
    used = p > 0
    return float((p[used] * np.log(p[used] / np.maximum(q[used], 1e-9))).sum())
