"""How often a kind of audio comes near a detection: a model of the tail of its peaks, beyond the hours there are.

Peaks over a high level come as a Poisson process, and their heights above it are exponential (peaks over threshold:
Pickands 1975, Annals of Statistics 3; Coles 2001, 4.2). On the scale of logits that holds well; a tail that ends
earlier has fewer false alarms than this says. With a gamma prior for the fall of the tail, the expected rate falls as a
generalised Pareto: the fewer the peaks, the heavier. The prior is fitted to all kinds together (empirical Bayes: Morris
1983, JASA 78), so that a kind of few minutes borrows from the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from wwtool.evaluation.peaks import Peaks

Array = npt.NDArray[np.float64]

_TAIL_SHARE, _LEAST_TAIL, _MOST_TAIL = 0.1, 10, 60  # the highest of a kind's peaks, which the model is fitted to
_HALF = 0.5  # Jeffreys' prior of a Poisson rate: half an event
# Before any kind is seen: a tail falls to 1/e in about 1 logit, and kinds differ by a third. Both are the middle of
# wide priors. Of the tails of six models on fourteen kinds, most lie between 0.5 and 2 logits (bench/threshold.py).
_USUAL_LENGTH, _LENGTH_SPREAD = 1.0, 0.5
_USUAL_SHAPE, _SHAPE_SPREAD = 8.0, 0.7
_SHAPES = np.geomspace(2.0, 50.0, 15)
_LENGTHS = np.geomspace(0.1, 5.0, 60)


@dataclass(frozen=True)
class Tail:
    """The highest peaks of a kind.

    Attributes:
        hours: length of the audio.
        levels: all its peaks as logits, falling, (peaks,).
        start: the level above which the model holds.
        count: peaks above ``start``.
        ended: those of them that are below the ceiling of 8 bits; of the others only that is known.
        excess: sum of their heights above ``start``.
    """

    hours: float
    levels: Array
    start: float
    count: int
    ended: int
    excess: float


@dataclass(frozen=True)
class TailPrior:
    """How kinds' tails fall before their own peaks are seen: 1/length is a gamma variable.

    ``shape``: how alike the kinds are. ``length``: logits in which the rate falls to 1/e, typically.
    """

    shape: float
    length: float


def tail_of(peaks: Peaks, floor: float, ceiling: float) -> Tail:
    """The tail of one kind's peaks, all of which lie from ``floor`` to ``ceiling``."""
    levels = np.sort(peaks.levels)[::-1]
    wanted = min(_MOST_TAIL, max(_LEAST_TAIL, round(_TAIL_SHARE * len(levels))))
    start = float(levels[wanted]) if len(levels) > wanted else floor
    start = min(start, ceiling - 1e-6)  # peaks at the ceiling are above it, however many there are
    above = levels[levels > start]
    ended = int((above < ceiling).sum())
    return Tail(peaks.hours, levels, start, len(above), ended, float((above - start).sum()))


def shared_prior(tails: Sequence[Tail]) -> TailPrior:
    """The prior that makes the kinds' tails the likeliest together; with few peaks, the usual one.

    The likelihood of a kind is that of exponential heights, some of which end at the ceiling, integrated over the gamma
    prior: b^a Γ(a + n) / (Γ(a) (b + s)^(a + n)) with a the shape, b = a · length, n peaks ended and s their excess.
    """
    shape, length = np.meshgrid(_SHAPES, _LENGTHS, indexing="ij")
    total = shape * length
    fit = -(((np.log(length / _USUAL_LENGTH)) / _LENGTH_SPREAD) ** 2) / 2
    fit = fit - ((np.log(shape / _USUAL_SHAPE)) / _SHAPE_SPREAD) ** 2 / 2
    for tail in tails:
        fit = fit + shape * np.log(total) + gammaln(shape + tail.ended) - gammaln(shape)
        fit = fit - (shape + tail.ended) * np.log(total + tail.excess)
    best = np.unravel_index(int(fit.argmax()), fit.shape)
    return TailPrior(float(shape[best]), float(length[best]))


def expected_rates(tail: Tail, prior: TailPrior, levels: Array) -> Array:
    """Peaks an hour at or above each of ``levels``, the posterior's mean, as ``levels``."""
    shape, total = prior.shape + tail.ended, prior.shape * prior.length + tail.excess
    beyond = np.maximum(levels - tail.start, 0.0)
    return (tail.count + _HALF) / tail.hours * _below(tail, levels) * (1.0 + beyond / total) ** -shape


def drawn_rates(tail: Tail, prior: TailPrior, levels: Array, shifts: Array, generator: np.random.Generator) -> Array:
    """Draws of the posterior of ``expected_rates``, (draws, levels), one for each of ``shifts``.

    A shift, in logits, is by how much more such audio scores than the peaks.
    """
    draws = len(shifts)
    rate = generator.gamma(tail.count + _HALF, 1.0, draws) / tail.hours
    fall = generator.gamma(prior.shape + tail.ended, 1.0, draws) / (prior.shape * prior.length + tail.excess)
    reached = levels[None] - shifts[:, None]
    return rate[:, None] * _below(tail, reached) * np.exp(-np.maximum(reached - tail.start, 0.0) * fall[:, None])


def _below(tail: Tail, levels: Array) -> Array:
    """How many times as many peaks reach each level as reach the tail's start; 1 above it."""
    reached = np.searchsorted(-tail.levels, -np.minimum(levels, tail.start), side="right")
    return np.asarray(np.maximum((reached + _HALF) / (tail.count + _HALF), 1.0))
