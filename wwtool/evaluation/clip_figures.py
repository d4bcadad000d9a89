"""How well scores of clips tell the phrase from everything else: the figures of classifiers. Pure functions.

Scores are probabilities, (clips,), as ``metrics.clip_scores`` gives them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from wwtool.evaluation.metrics import equal_error_rate, partial_auc

Scores = npt.NDArray[np.float64]
_MOST_POINTS = 200  # of a curve
_BINS = 10
_NEAREST = 1e-4  # probabilities this close to 0 and 1 are as far as logits go
_LARGEST_TEMPERATURE = 20.0


@dataclass(frozen=True)
class Bin:
    """Clips of similar probability: how many, their mean probability, and the share of them that hold the phrase."""

    clips: int
    probability: float
    share: float


@dataclass(frozen=True)
class Reliability:
    """Whether probabilities mean what they say.

    Attributes:
        temperature: what logits must be divided by, so that they do best (Guo et al. 2017, arXiv:1706.04599).
        error, error_after: the expected calibration error before and after that, 0 to 1.
        bins, bins_after: of the reliability diagram, by rising probability; empty ones are left out.
    """

    temperature: float
    error: float
    error_after: float
    bins: list[Bin]
    bins_after: list[Bin]


@dataclass(frozen=True)
class ClipFigures:
    """Clips of the phrase against clips of everything else.

    Attributes:
        accuracy, precision, recall, f1: at the probability of the detector's threshold.
        auc: area under the ROC curve.
        partial_auc: mean recall at false-positive rates up to 0.1 and 0.05, by that limit.
        equal_error_rate: where as many clips of either sort are taken for the other.
        roc: false-positive rate and recall, by falling threshold. The DET curve is 1 - recall over the same rate.
        reliability: of the probabilities.
    """

    accuracy: float
    precision: float
    recall: float
    f1: float
    auc: float
    partial_auc: dict[str, float]
    equal_error_rate: float
    roc: list[tuple[float, float]]
    reliability: Reliability


def clip_figures(positive: Scores, negative: Scores, threshold: float) -> ClipFigures | None:
    """The figures at a threshold, 0 to 1; None without clips of both sorts."""
    if not len(positive) or not len(negative):
        return None
    hits, alarms = int((positive >= threshold).sum()), int((negative >= threshold).sum())
    precision = hits / (hits + alarms) if hits + alarms else 0.0
    recall = hits / len(positive)
    rates, recalls = roc(positive, negative)
    step = max(1, -(-len(rates) // _MOST_POINTS))
    kept = [*range(0, len(rates) - 1, step), len(rates) - 1]
    return ClipFigures(
        accuracy=(hits + len(negative) - alarms) / (len(positive) + len(negative)),
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if hits else 0.0,
        auc=float(np.trapezoid(recalls, rates)),
        partial_auc={f"{limit:g}": partial_auc(positive, negative, limit) for limit in (0.1, 0.05)},
        equal_error_rate=equal_error_rate(positive, negative),
        roc=[(round(float(rates[i]), 6), round(float(recalls[i]), 6)) for i in kept],
        reliability=reliability(positive, negative),
    )


def roc(positive: Scores, negative: Scores) -> tuple[Scores, Scores]:
    """False-positive rates and recalls at every threshold that matters, from (0, 0) to (1, 1)."""
    thresholds = np.unique(np.concatenate([positive, negative]))[::-1]
    rates = 1.0 - np.searchsorted(np.sort(negative), thresholds) / len(negative)
    recalls = 1.0 - np.searchsorted(np.sort(positive), thresholds) / len(positive)
    return np.concatenate([[0.0], rates]), np.concatenate([[0.0], recalls])


def reliability(positive: Scores, negative: Scores) -> Reliability:
    """How reliable probabilities are, as they are and at the best temperature. Both sorts weigh the same."""
    scores = np.concatenate([positive, negative])
    truth = np.concatenate([np.ones(len(positive)), np.zeros(len(negative))])
    weights = np.where(truth > 0, 0.5 / len(positive), 0.5 / len(negative))
    limited = np.clip(scores, _NEAREST, 1.0 - _NEAREST)
    logits = np.log(limited / (1.0 - limited))

    def loss(temperature: float) -> float:
        return float((weights * np.logaddexp(0.0, (1.0 - 2.0 * truth) * logits / temperature)).sum())

    bounds = (1.0 / _LARGEST_TEMPERATURE, _LARGEST_TEMPERATURE)
    temperature = float(minimize_scalar(loss, bounds=bounds, method="bounded").x)
    after = 1.0 / (1.0 + np.exp(-logits / temperature))
    (error, bins), (error_after, bins_after) = (_binned(p, truth, weights) for p in (scores, after))
    return Reliability(temperature, error, error_after, bins, bins_after)


def _binned(scores: Scores, truth: Scores, weights: Scores) -> tuple[float, list[Bin]]:
    """The expected calibration error, and the bins."""
    error, bins = 0.0, []
    for low, high in pairwise(np.linspace(0.0, 1.0, _BINS + 1)):
        inside = (scores >= low) & ((scores < high) | (high == 1.0))
        weight = float(weights[inside].sum())
        if weight > 0.0:
            probability = float((scores * weights)[inside].sum() / weight)
            share = float((truth * weights)[inside].sum() / weight)
            bins.append(Bin(int(inside.sum()), probability, share))
            error += weight * abs(probability - share)
    return error, bins
