"""The peaks of a detector's score: how near audio without the phrase comes to a detection, event by event.

A detector at a threshold fires once for every peak that reaches it. So the peaks of one pass over the outputs tell the
false alarms at all thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.metrics import Track

_LEAST_AVERAGE = 2  # of 255: below it, 8 bits say nothing of how unlikely the phrase is


@dataclass(frozen=True)
class Peaks:
    """The peaks in the audio of one kind.

    ``levels``: the height of each as a logit, falling, (peaks,). ``hours``: length of the audio.
    """

    levels: npt.NDArray[np.float64]
    hours: float


def scores(probabilities: npt.NDArray[np.uint8], config: DetectorConfig) -> npt.NDArray[np.int64]:
    """The sum that the on-threshold is held against at each output, (outputs,).

    It is the ``votes_needed``-th highest of the last ``votes_window`` sums over ``average_window`` outputs: an armed
    detector that is not locked out fires where it reaches the threshold times ``average_window``.
    """
    total = np.concatenate([[0], np.cumsum(probabilities, dtype=np.int64)])
    sums = total[1:].copy()
    sums[config.average_window :] -= total[1 : -config.average_window]
    if config.votes_window == 1 or not len(sums):
        return sums
    padded = np.concatenate([np.zeros(config.votes_window - 1, np.int64), sums])
    windows = np.lib.stride_tricks.sliding_window_view(padded, config.votes_window)
    place = config.votes_window - config.votes_needed
    return np.asarray(np.partition(windows, place, axis=1)[:, place], np.int64)


def level_of(sums: npt.NDArray[np.int64], config: DetectorConfig) -> npt.NDArray[np.float64]:
    """Sums as logits of their share of the highest sum; half a unit is added on either side, so that all are finite."""
    top = 255 * config.average_window
    return np.log((sums + 0.5) / (top - sums + 0.5))


def threshold_levels(config: DetectorConfig) -> npt.NDArray[np.float64]:
    """The logit that a peak must reach at each on-threshold from 1 to 255, halfway between two sums, (255,)."""
    sums = np.arange(1, 256) * config.average_window
    top = 255 * config.average_window
    return np.log(sums / (top - sums + 1.0))


def ceiling_of(config: DetectorConfig) -> float:
    """The level of the highest sum: 8 bits do not tell how much higher the peaks are that reach it."""
    return float(level_of(np.asarray([255 * config.average_window]), config)[0])


def floor_of(config: DetectorConfig) -> float:
    """The lowest level of a peak that counts."""
    return float(level_of(np.asarray([_LEAST_AVERAGE * config.average_window]), config)[0])


def peak_positions(values: npt.NDArray[np.int64], apart: int, least: int) -> npt.NDArray[np.int64]:
    """Outputs at which values of at least ``least`` peak, highest first: each at least ``apart`` from all higher ones.

    Of equal values, the earlier one is the peak. This is the usual declustering of peaks over a threshold by a run
    length (Coles 2001, An Introduction to Statistical Modeling of Extreme Values, 5.3.2), here the detector's lock-out.
    """
    before, after = np.concatenate([[-1], values[:-1]]), np.concatenate([values[1:], [-1]])
    places = np.flatnonzero((values >= least) & (values > before) & (values >= after))
    taken, chosen = np.zeros(len(values) + 1, np.bool_), []
    for place in places[np.argsort(-values[places], kind="stable")]:
        if not taken[place]:
            chosen.append(int(place))
            taken[max(0, place - apart + 1) : place + apart] = True
    return np.asarray(chosen, np.int64)


@dataclass(frozen=True)
class Places:
    """The peaks of a track, highest first: their outputs, their levels, and the segments that they belong to, (peaks,).

    A peak between two segments belongs to the first.
    """

    outputs: npt.NDArray[np.int64]
    levels: npt.NDArray[np.float64]
    segments: npt.NDArray[np.int64]


def places_of(track: Track, config: DetectorConfig) -> Places:
    """Where the peaks of a track are."""
    values = scores(track.probabilities, config)
    least = _LEAST_AVERAGE * config.average_window
    outputs = peak_positions(values, max(config.lockout, config.average_window), least)
    owners = np.maximum(np.searchsorted(track.segments[:, 0], outputs, side="right") - 1, 0)
    return Places(outputs, level_of(values[outputs], config), owners)


def peaks_by_label(track: Track, config: DetectorConfig) -> dict[str, Peaks]:
    """The peaks of every kind of negatives in a track."""
    places, labels = places_of(track, config), np.asarray(track.labels, object)
    lengths: dict[str, float] = {}
    for (start, end), label in zip(track.segments, track.labels, strict=True):
        lengths[label] = lengths.get(label, 0.0) + float(end - start) * track.stride / track.geometry.frames_per_hour
    return {label: Peaks(places.levels[labels[places.segments] == label], hours) for label, hours in lengths.items()}
