"""Selection: the most accurate model of the zoo that fits a platform with a margin, and why each other is not taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from wwtool.budget.dry_build import dry_build, require_fit
from wwtool.budget.result import DryBuild, Line
from wwtool.config import BudgetConfig, Config, SelectConfig
from wwtool.errors import BudgetError
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.models.accuracy import AccuracyTable, accuracy_table
from wwtool.models.zoo import ZOO
from wwtool.packages import DEFAULT
from wwtool.platforms.profile import Platform

Advance = Callable[[int, int], None]
"""Called with the number of dry builds done and of all."""

_THREADS = 2  # a dry build mostly waits for compiler and emulator


@dataclass(frozen=True)
class Candidate:
    """A model as selection sees it. ``score`` is its accuracy, None if never measured; ``fits``: with the margin."""

    model: str
    score: float | None
    fits: bool
    chosen: bool
    reason: str


@dataclass(frozen=True)
class Choice:
    """The chosen model, the finalists of a search (the model first), and every candidate with its reason.

    ``best`` is the most accurate of those that fit by its score alone; ``table`` says where scores come from.
    """

    model: str
    best: str
    margin: float
    finalists: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    table: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def note(self) -> str:
        """The choice in a line."""
        fitting = sum(candidate.fits for candidate in self.candidates)
        why = "the most accurate" if self.model == self.best else f"as accurate as {self.best} and cheaper"
        return f"{self.model}, {why}; {fitting} of {len(self.candidates)} fit"


class NothingFitsError(BudgetError):
    """No candidate fits; ``result`` is the one that comes nearest."""

    def __init__(self, message: str, result: DryBuild) -> None:
        super().__init__(message)
        self.result = result


@dataclass(frozen=True)
class Selection:
    """The models to train, with their dry builds; ``choice`` is None if the config names the model."""

    finalists: tuple[str, ...]
    builds: dict[str, DryBuild]
    choice: Choice | None


def select(
    platform: Platform, config: Config, phrase: str, advance: Advance, framework: str = DEFAULT,
    front_end: FrontEnd = DEFAULT_FRONT_END,
) -> Selection:  # fmt: skip
    """The model that the config names, if it fits, or else the best that fits; ``advance`` is called after a dry build.

    Raises:
        BudgetError: the model does not fit, or no model does.
        ToolError: the compiler is missing.
    """
    pruned = config.train.optimization.prune
    if config.model != "auto":
        build = require_fit(
            platform, config.model, phrase, config.budget, framework, front_end=front_end, pruned=pruned
        )
        return Selection((config.model,), {config.model: build}, None)
    builds = measure_zoo(platform, phrase, config.budget, advance, framework, front_end, pruned)
    choice = choose(platform, builds, accuracy_table(), config.select)
    measured = _measured(builds)
    return Selection(choice.finalists, {name: measured[name] for name in choice.finalists}, choice)


def by_table(config: Config, table: AccuracyTable) -> tuple[str, ...]:
    """The finalists where nothing can be built: the most accurate, and among equals the cheapest first."""
    if config.model != "auto":
        return (config.model,)
    best = max(_score(table, name) for name in ZOO)
    as_good = [name for name in ZOO if best - _score(table, name) <= config.select.tolerance]
    model = min(as_good, key=lambda name: ZOO[name].macs)
    return _finalists(model, ZOO, table, config.select.search)


def measure_zoo(
    platform: Platform, phrase: str, limits: BudgetConfig, advance: Advance, framework: str = DEFAULT,
    front_end: FrontEnd = DEFAULT_FRONT_END, pruned: float = 0.0,
) -> dict[str, DryBuild | BudgetError]:  # fmt: skip
    """Dry builds of all candidates. A candidate that cannot be linked has its error in place of a build.

    Raises:
        ToolError: the compiler is missing.
    """

    def measure(model: str) -> DryBuild | BudgetError:
        try:
            return dry_build(platform, model, phrase, limits, framework, front_end=front_end, pruned=pruned)
        except BudgetError as error:
            return error

    builds: dict[str, DryBuild | BudgetError] = {}
    executor = ThreadPoolExecutor(_THREADS)
    try:
        for model, build in zip(ZOO, executor.map(measure, ZOO), strict=True):
            builds[model] = build
            advance(len(builds), len(ZOO))
        return builds
    finally:
        executor.shutdown(cancel_futures=True)


def choose(
    platform: Platform, builds: Mapping[str, DryBuild | BudgetError], table: AccuracyTable, settings: SelectConfig
) -> Choice:
    """The most accurate candidate that keeps every limit less the margin; within the tolerance of it, the cheapest.

    Raises:
        NothingFitsError: none keeps the limits.
        BudgetError: none can even be linked.
    """
    margin = settings.margin
    fitting = {name: build for name, build in _measured(builds).items() if not _over(build, margin)}
    if not fitting:
        raise _nothing_fits(platform, builds, margin)
    best = max(fitting, key=lambda name: _score(table, name))
    as_good = [name for name in fitting if _score(table, best) - _score(table, name) <= settings.tolerance]
    model = min(as_good, key=lambda name: _cost(fitting.values(), fitting[name]))
    candidates = []
    for name, build in builds.items():
        measured = table.models.get(name)
        reason = _reason(name, build, model, best, table, settings)
        score = measured.score if measured else None
        candidates.append(Candidate(name, score, name in fitting, name == model, reason))
    which = f"{table.clips} recordings of {len(next(iter(table.models.values())).by_word)} words, {table.measured}"
    return Choice(model, best, margin, _finalists(model, fitting, table, settings.search), tuple(candidates), which)


def _measured(builds: Mapping[str, DryBuild | BudgetError]) -> dict[str, DryBuild]:
    return {name: build for name, build in builds.items() if not isinstance(build, BudgetError)}


def _finalists(model: str, names: Iterable[str], table: AccuracyTable, count: int) -> tuple[str, ...]:
    """The model that a build takes without a search, then the most accurate others."""
    others = sorted((name for name in names if name != model), key=lambda name: -_score(table, name))
    return (model, *others)[:count]


def _score(table: AccuracyTable, name: str) -> float:
    measured = table.models.get(name)
    return measured.score if measured else 0.0


def _cost(fitting: Iterable[DryBuild], build: DryBuild) -> tuple[float, int]:
    """Cycles of an inference, or its multiply-accumulates where not all were counted; then flash."""
    counted = all(other.cycles is not None for other in fitting)
    return float(build.cycles.invoke if counted and build.cycles else build.macs), build.sizes.flash


def _over(build: DryBuild, margin: float) -> list[Line]:
    return [line for line in build.lines if line.used > line.limit * (1.0 - margin)]


def _in_words(line: Line, margin: float) -> str:
    limit = line.limit * (1.0 - margin)
    allowed = f"{limit:,.0f}" if line.unit == "B" else f"{round(limit, 2):,}"
    return f"{line.name} {line.used:,} {line.unit} of {allowed}"


def _reason(
    name: str, build: DryBuild | BudgetError, model: str, best: str, table: AccuracyTable, settings: SelectConfig
) -> str:
    if isinstance(build, BudgetError):
        return str(build)
    if over := _over(build, settings.margin):
        spare = f" ({settings.margin:.0%} of each limit kept free)" if settings.margin else ""
        return f"over budget: {', '.join(_in_words(line, settings.margin) for line in over)}{spare}"
    if name not in table.models:
        return "its accuracy has not been measured"
    near = f"within {settings.tolerance:g} of its score"
    if name == model:
        return "the most accurate" if name == best else f"as accurate as {best} ({near}), and the cheapest of these"
    score, highest = table.models[name].score, _score(table, best)
    if highest - score <= settings.tolerance:
        return f"as accurate as {model} ({near}), and more expensive"
    chance = ", which may be chance" if highest - score < 2 * table.standard_error else ""
    return f"less accurate: {score:.3f}, {best} {highest:.3f}{chance}"


def _nothing_fits(platform: Platform, builds: Mapping[str, DryBuild | BudgetError], margin: float) -> BudgetError:
    measured = _measured(builds).values()
    if not measured:
        return next(build for build in builds.values() if isinstance(build, BudgetError))
    nearest = min(measured, key=lambda build: max(line.used / line.limit for line in build.lines))
    over = ", ".join(_in_words(line, margin) for line in _over(nearest, margin))
    remedy = "raise the budget or take a larger board"
    if nearest.fits:
        remedy = f"it fits without the margin: lower select.margin, or force it with --model {nearest.model}"
    spare = f" with {margin:.0%} to spare" if margin else ""
    message = f"no model of the zoo fits {platform.title}{spare}; the nearest is {nearest.model}: {over}; {remedy}"
    return NothingFitsError(message, nearest)
