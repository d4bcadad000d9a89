"""Compare: several evaluated models, and which differences between them are more than chance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from wwtool import events
from wwtool.base.cancellation import Cancellation
from wwtool.base.records import read_record
from wwtool.base.text import printable
from wwtool.errors import InputError, UsageError
from wwtool.evaluation.paired import Difference, rate_difference, recall_difference
from wwtool.evaluation.record import Share
from wwtool.jobs.request import Request, reported
from wwtool.pipeline.training_run import EVALUATION

_MOST_RUNS = 32


class CompareRequest(Request):
    """A comparison."""

    runs: tuple[Path, ...] = Field(
        description="Finished runs, build folders, or files evaluation.json; the first is the reference."
    )


def _bits(text: str) -> str:
    if text.strip("01"):
        raise ValueError("an outcome is 0 or 1")
    return text


class _Point(BaseModel):
    model_config = ConfigDict(frozen=True)

    threshold: int = Field(ge=0, le=256)
    recall: dict[str, Share]
    false_alarms: int = Field(ge=0)


class _Record(BaseModel):
    """What is compared of an evaluation."""

    model_config = ConfigDict(frozen=True)

    point: _Point
    hours: float = Field(ge=0.0, allow_inf_nan=False)
    outcomes: dict[str, Annotated[str, AfterValidator(_bits)]] = {}
    positives_sha256: str = ""


@dataclass(frozen=True)
class ComparePlan:
    """The runs by name; the first is the reference."""

    runs: dict[str, _Record]


@dataclass(frozen=True)
class RunFigures:
    """A run at its operating point."""

    name: str
    recall: dict[str, float]
    false_alarms: int
    hours: float
    per_hour: float
    threshold: int


@dataclass(frozen=True)
class RunDifference:
    """What ``run`` has more of a figure than ``reference``; see ``paired.Difference``.

    ``paired``: by the same clips; else the two were evaluated on different ones, and nothing is said of recall.
    """

    run: str
    reference: str
    figure: str
    value: float
    interval: tuple[float, float]
    p: float
    paired: bool


@dataclass(frozen=True)
class ComparisonOutput:
    """``compare --json``."""

    runs: list[RunFigures]
    differences: list[RunDifference]


def plan(request: CompareRequest, listener: events.Listener = events.ignore) -> ComparePlan:
    """Reads the evaluations; changes nothing.

    Raises:
        UsageError: fewer than two runs, or too many.
        InputError: a folder holds no evaluation, or one that cannot be used.
    """
    if not 2 <= len(request.runs) <= _MOST_RUNS:
        raise UsageError(f"{len(request.runs)} runs cannot be compared; give 2 to {_MOST_RUNS}")
    runs: dict[str, _Record] = {}
    for path in request.runs:
        name = printable(str(path), 60)
        if name in runs:
            raise UsageError(f"{name} is given twice; give each run once")
        runs[name] = read_record(_evaluation(path), _Record)
    return ComparePlan(runs)


def _evaluation(path: Path) -> Path:
    for file in (path, path / EVALUATION, path / "run" / EVALUATION):
        if file.is_file():
            return file
    raise InputError(f"{path} holds no {EVALUATION}; give a finished run or a build folder")


def run(
    plan: ComparePlan, listener: events.Listener = events.ignore, cancel: Cancellation | None = None
) -> ComparisonOutput:  # fmt: skip
    """Compares every run with the first."""
    with reported("compare", f"{len(plan.runs)} runs", listener):
        names = list(plan.runs)
        figures = [_figures(name, record) for name, record in plan.runs.items()]
        differences = [difference for name in names[1:] for difference in _differences(plan, names[0], name, listener)]
        return ComparisonOutput(figures, differences)


def _figures(name: str, record: _Record) -> RunFigures:
    alarms, hours = record.point.false_alarms, record.hours
    rate = alarms / hours if hours else 0.0
    return RunFigures(name, record.point.recall, alarms, hours, rate, record.point.threshold)


def _differences(plan: ComparePlan, first: str, second: str, listener: events.Listener) -> Iterator[RunDifference]:
    a, b = plan.runs[first], plan.runs[second]

    def made(figure: str, difference: Difference, paired: bool) -> RunDifference:
        return RunDifference(second, first, figure, difference.value, difference.interval, difference.p, paired)

    same = bool(a.positives_sha256) and a.positives_sha256 == b.positives_sha256
    if not same:
        text = f"{first} and {second} were not evaluated on the same clips, so their recall is not compared"
        listener(events.Warning(f"{text}; run wwtool evaluate on one data folder, or build from the same data"))
    for condition in [name for name in a.outcomes if name in b.outcomes] if same else ():
        hits = [[bit == "1" for bit in record.outcomes[condition]] for record in (a, b)]
        if hits[0] and len(hits[0]) == len(hits[1]):
            yield made(f"recall {condition}", recall_difference(hits[0], hits[1]), True)
    rates = rate_difference(a.point.false_alarms, a.hours, b.point.false_alarms, b.hours)
    if rates is not None:
        yield made("false alarms per hour", rates, False)
