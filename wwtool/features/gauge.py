"""Statistics of a front end's values over the audio of some pools, of which a little is enough."""

from __future__ import annotations

from dataclasses import replace

from wwtool.data.audio import Audio
from wwtool.features.pools import PoolJob, record
from wwtool.features.recipes import RECIPES
from wwtool.features.tape import Tape
from wwtool.frontend.mel import MelFrontEnd
from wwtool.frontend.statistics import Sums

_ENOUGH = {"clips": 40.0, "hours": 0.02}  # of one pool


class Gauge(Tape):
    """A tape that keeps sums of values in place of features."""

    def __init__(self, front_end: MelFrontEnd, sums: Sums) -> None:
        super().__init__(front_end)
        self._sums = sums

    def add(self, audio: Audio, word: tuple[int, int] | None = None) -> None:
        self._sums.add(self._stream.process(audio))
        self._samples += len(audio)


def gauge(job: PoolJob, front_end: MelFrontEnd, sums: Sums) -> None:
    """Adds the values of a small part of a pool to the sums."""
    enough = _ENOUGH[RECIPES.member(job.kind).unit]
    record(replace(job, amount=min(job.amount, enough)), Gauge(front_end, sums))
