"""The rate of false alarms to expect of audio that nobody has heard yet, and the thresholds that keep a budget there.

A kind never met is taken to be a mixture of the kinds there are, whose scores lie some logits higher. What is not known
is drawn many times: the mixture (a Dirichlet around the kinds' shares of a household's sound: the Bayesian bootstrap of
Rubin 1981, Annals of Statistics 9, over kinds), the shift, and every kind's tail. A threshold keeps the budget if the
rate does in a named share of the draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt

from wwtool.config import EvaluateConfig
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.kinds import ExpectedRate, KindFacts, KindRates, TailRecord
from wwtool.evaluation.peaks import Peaks, ceiling_of, floor_of, threshold_levels
from wwtool.evaluation.tails import Tail, TailPrior, drawn_rates, expected_rates, shared_prior, tail_of

Array = npt.NDArray[np.float64]

_DRAWS, _SEED = 600, 11
_LEAST_SHARE, _LEAST_PART = 1e-6, 1e-9  # a kind without a share decides where there is no other

_MOST_SETTLED = 1.0  # logits

_HOUSEHOLD = "household"


class Promise:
    """The expected rates of a detector at every threshold from 1 to 255.

    Args:
        tails: of every kind of negatives, at the detector's shape.
        facts: of every kind; one may be missing.
        shape: the detector; its thresholds do not matter.
        config: the budget, and how sure to be.
        household: the tail of audio from where the detector will be. The more hours it has, the more it counts.
    """

    def __init__(
        self, tails: Mapping[str, Tail], facts: Mapping[str, KindFacts], shape: DetectorConfig, config: EvaluateConfig,
        household: Tail | None = None,
    ) -> None:  # fmt: skip
        self.config, self._shape, self.household = config, shape, household
        self._levels = threshold_levels(shape)
        self.tails = {kind: tail for kind, tail in tails.items() if tail.hours > 0}
        self.facts = {kind: facts.get(kind, KindFacts()) for kind in self.tails}

    @staticmethod
    def of_peaks(
        peaks: Mapping[str, Peaks], facts: Mapping[str, KindFacts], shape: DetectorConfig, config: EvaluateConfig
    ) -> Promise:
        """The promise by the peaks of every kind."""
        floor, ceiling = floor_of(shape), ceiling_of(shape)
        tails = {kind: tail_of(entry, floor, ceiling) for kind, entry in peaks.items()}
        return Promise(tails, facts, shape, config)

    @cached_property
    def prior(self) -> TailPrior:
        """How the tails of kinds fall."""
        return shared_prior([*self.tails.values(), *([self.household] if self.household else [])])

    def of_kind(self, kind: str) -> Array:
        """The expected false alarms an hour of a kind that is there, at every threshold, (255,)."""
        return expected_rates(self.tails[kind], self.prior, self._levels)

    def of_unmet(self, without: str | None = None) -> Array:
        """Draws of the rate of a kind never met, (draws, 255), judged by all kinds but ``without``.

        With a household, it is the rate there: as much of it is like its audio as that has hours, against
        ``household_hours`` of anything else.
        """
        kinds = [kind for kind in self.tails if kind != without]
        # A Dirichlet variable: gamma variables over their sum.
        whole = sum((self._parts[kind] for kind in kinds), np.zeros((_DRAWS, 1)))
        unmet = sum((self._parts[kind] * self._shifted[kind] for kind in kinds), np.zeros((_DRAWS, 255)))
        unmet = unmet / np.maximum(whole, _LEAST_PART)
        if self.household is None:
            return unmet
        known = self.household.hours / (self.household.hours + (self.config.household_hours if kinds else 0.0))
        return (1 - known) * unmet + known * self._draws(self.household, _HOUSEHOLD, np.zeros(_DRAWS), self._levels)

    def upper(self, without: str | None = None) -> Array:
        """The upper end of the rate of a kind never met, at the configured confidence, (255,)."""
        return np.asarray(np.quantile(self.of_unmet(without), self.config.confidence, axis=0))

    def cross_fitted(self) -> dict[str, float]:
        """For every kind, its expected rate at the threshold that is chosen without it; empty if there is only one."""
        if len(self.tails) < 2:
            return {}
        return {kind: float(self.of_kind(kind)[self.lowest(self.upper(kind)) - 1]) for kind in self.tails}

    def at(self, threshold: int, alarms: Mapping[str, int], chosen: bool) -> ExpectedRate:
        """What to expect at a threshold, as an evaluation reports it.

        Args:
            threshold: from 1 to 255.
            alarms: the false alarms that were counted there, by kind.
            chosen: the threshold was chosen by this promise, so that it can be told what it would be without a kind.
        """
        unmet, crossed = self.of_unmet()[:, threshold - 1], self.cross_fitted() if chosen else {}
        kinds = {
            kind: KindRates(
                self.facts[kind].share,
                self.facts[kind].trained,
                self.facts[kind].source,
                hours=round(self.tails[kind].hours, 4),
                false_alarms=alarms.get(kind, 0),
                per_hour=float(self.of_kind(kind)[threshold - 1]),
                interval=self._kind_interval(kind, threshold),
                cross_fitted=crossed.get(kind),
                tail=TailRecord.of(self.tails[kind]),
            )
            for kind in self.tails
        }
        least = float(self.upper()[-1])
        return ExpectedRate(
            per_hour=float(unmet.mean()),
            interval=self._interval(unmet),
            confidence=self.config.confidence,
            budget=self.config.false_alarms_per_hour,
            unseen_shift=self.config.unseen_shift,
            lowest_promised=least if least > self.config.false_alarms_per_hour else None,
            kinds=kinds,
        )

    def lowest(self, rates: Array) -> int:
        """The lowest threshold at which falling rates keep the budget; the highest if none does."""
        within = np.flatnonzero(rates <= self.config.false_alarms_per_hour)
        return int(within[0]) + 1 if len(within) else len(rates)

    def settled(self, standard: EvaluateConfig) -> Promise:
        """The promise whose threshold is drawn toward the usual one, by at most a logit.

        What a build's few hours say of audio never met is uncertain, and so is what other builds say of this one. Both
        together err less (as a shrinkage estimator does: Efron and Morris 1975, Journal of the American Statistical
        Association 70). The shift of audio never met is what is corrected, so that all rates follow. A promise that no
        threshold keeps is left as it is.

        Args:
            standard: the settings with which the usual threshold was found. What differs from them, as another budget
                does, has its whole effect.
        """
        found = Promise(self.tails, self.facts, self._shape, standard)
        if not self.config.usual_weight or not (self._is_kept and found._is_kept):
            return self
        away = self._levels[self.config.usual_threshold - 1] - self._levels[found.lowest(found.upper()) - 1]
        moved = float(np.clip(self.config.usual_weight * away, -_MOST_SETTLED, _MOST_SETTLED))
        config = self.config.model_copy(update={"unseen_shift": self.config.unseen_shift + moved})
        return Promise(self.tails, self.facts, self._shape, config, self.household)

    @property
    def _is_kept(self) -> bool:
        """Whether a threshold keeps the budget."""
        return bool(self.upper()[-1] <= self.config.false_alarms_per_hour)

    @cached_property
    def _shifted(self) -> dict[str, Array]:
        """Draws of the rate of every kind, each with one shift for all of them, (draws, 255)."""
        shifts = self.config.unseen_spread * np.random.default_rng(_SEED).standard_normal(_DRAWS)
        shifts += self.config.unseen_shift
        return {kind: self._draws(tail, kind, shifts, self._levels) for kind, tail in self.tails.items()}

    @cached_property
    def _parts(self) -> dict[str, Array]:
        """What every kind brings to a mixture, before all are divided by their sum, (draws, 1)."""
        whole = max(sum(facts.share for facts in self.facts.values()), _LEAST_SHARE)
        even = self.config.evenness
        weights = {
            kind: (1 - even) * facts.share / whole + even / len(self.facts) for kind, facts in self.facts.items()
        }
        return {
            kind: _generator(kind, 1).gamma(self.config.mixture * max(weight, _LEAST_SHARE), 1.0, (_DRAWS, 1))
            + _LEAST_PART
            for kind, weight in weights.items()
        }

    def _kind_interval(self, kind: str, threshold: int) -> tuple[float, float]:
        levels = self._levels[threshold - 1 : threshold]
        draws = self._draws(self.tails[kind], kind, np.zeros(_DRAWS), levels)
        return self._interval(draws[:, 0])

    def _draws(self, tail: Tail, kind: str, shifts: Array, levels: Array) -> Array:
        return drawn_rates(tail, self.prior, levels, shifts, _generator(kind, 0))

    def _interval(self, draws: Array) -> tuple[float, float]:
        low, high = np.quantile(draws, [1.0 - self.config.confidence, self.config.confidence])
        return float(low), float(high)


def _generator(kind: str, use: int) -> np.random.Generator:
    """The same numbers for a kind in every evaluation, whatever kinds there are besides."""
    return np.random.default_rng([_SEED, use, *kind.encode()])
