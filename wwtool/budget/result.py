"""What a firmware costs, compared with the limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from wwtool.base.records import json_of
from wwtool.budget.energy import EnergyUse, energy_use
from wwtool.config import BudgetConfig
from wwtool.errors import UsageError
from wwtool.firmware.cycles import Cycles
from wwtool.firmware.sizes import Sizes, SizesRecord
from wwtool.frontend.geometry import MICRO
from wwtool.packages import DEFAULT, FORMATS
from wwtool.platforms.profile import FrameworkReserve, Platform

Place = Literal["RAM", "flash"]


@dataclass(frozen=True)
class Line:
    """One limit: how much is used and how much is allowed, in ``unit``."""

    name: str
    used: float
    limit: float
    unit: str

    @property
    def fits(self) -> bool:
        return self.used <= self.limit

    def record(self) -> LimitRecord:
        return LimitRecord(**vars(self), fits=self.fits)


@dataclass(frozen=True)
class LimitRecord:
    """A ``Line`` as JSON outputs have it."""

    name: str
    used: float
    limit: float
    unit: str
    fits: bool


@dataclass(frozen=True)
class Cost:
    """What one model costs on one platform, without regard to limits.

    ``cycles`` and ``stack_bytes`` (the deepest stack) are None where nothing measures them. ``estimated`` names what
    the analytic model has estimated in place of a compiler or an emulator: "sizes", "cycles", "stack". ``linked`` is
    False if the chip cannot hold it, so that it was linked for a larger one. ``flash_waits``: how long the core waits
    for flash beside ``cycles``, by a model of the chip's cache; None where there is none, or what a hop needs lies in
    RAM. ``reread_bytes``: of constants that an inference reads from flash more than once, if they lie there.
    """

    model: str
    macs: int
    stride: int
    sizes: Sizes
    arena_bytes: int
    state_bytes: int
    cycles: Cycles | None
    stack_bytes: int | None
    estimated: tuple[str, ...] = ()
    linked: bool = True
    frame_ms: float = MICRO.hop_ms
    flash_waits: Cycles | None = None
    reread_bytes: int = 0

    @property
    def hop_ms(self) -> float:
        return self.stride * self.frame_ms

    @property
    def weights_in(self) -> Place:
        """Where an inference reads the model's weights."""
        return "RAM" if self.sizes.model_resident >= self.sizes.model_flash else "flash"


@dataclass(frozen=True)
class DryBuild(Cost):
    """A cost against the limits of a platform, a framework and a config."""

    lines: tuple[Line, ...] = ()
    framework: str = DEFAULT
    energy: EnergyUse | None = None

    @property
    def fits(self) -> bool:
        return all(line.fits for line in self.lines)

    @property
    def excess(self) -> str:
        """The lines that do not fit, in words."""
        over = [line for line in self.lines if not line.fits]
        return ", ".join(f"{line.name} {line.used:,} {line.unit} of {line.limit:,}" for line in over)

    def line(self, name: str) -> Line | None:
        return next((line for line in self.lines if line.name == name), None)

    def record(self) -> DryBuildRecord:
        return DryBuildRecord(
            model=self.model,
            fits=self.fits,
            framework=self.framework,
            macs=self.macs,
            hop_ms=self.hop_ms,
            sizes=self.sizes.record(),
            arena_bytes=self.arena_bytes,
            state_bytes=self.state_bytes,
            weights_in=self.weights_in,
            cycles=self.cycles,
            flash_waits=self.flash_waits,
            stack_bytes=self.stack_bytes,
            energy=self.energy,
            estimated=list(self.estimated),
            linked=self.linked,
            limits=[line.record() for line in self.lines],
        )

    def as_dict(self) -> dict[str, Any]:
        return json_of(self.record())


@dataclass(frozen=True)
class DryBuildRecord:
    """A ``DryBuild`` as JSON outputs have it."""

    model: str
    fits: bool
    framework: str
    macs: int
    hop_ms: float
    sizes: SizesRecord
    arena_bytes: int
    state_bytes: int
    cycles: Cycles | None
    stack_bytes: int | None
    energy: EnergyUse | None
    estimated: list[str]
    linked: bool
    limits: list[LimitRecord]
    flash_waits: Cycles | None = None
    weights_in: Place | None = None  # version 0.1 did not say it


def judge(platform: Platform, limits: BudgetConfig, cost: Cost, framework: str = DEFAULT) -> DryBuild:
    """The cost against the limits."""
    lines = check(platform, limits, cost, framework)
    used = {line.name: line.used for line in lines}
    duty, latency_ms = used.get("duty cycle"), used.get("latency", 0.0)
    energy = None if duty is None else energy_use(platform, duty, cost.hop_ms, 100.0 * latency_ms / cost.hop_ms)
    figures = {field.name: getattr(cost, field.name) for field in fields(Cost)}
    return DryBuild(**figures, lines=lines, framework=framework, energy=energy)


def within(platform: Platform, limits: BudgetConfig) -> Platform:
    """The platform with the config's flash and RAM where these are stricter: what firmware is made for."""
    budget = platform.budget
    stricter = {
        "flash_bytes": min(budget.flash_bytes, limits.flash_bytes or budget.flash_bytes),
        "ram_bytes": min(budget.ram_bytes, limits.ram_bytes or budget.ram_bytes),
    }
    return platform.model_copy(update={"budget": budget.model_copy(update=stricter)})


def check(platform: Platform, limits: BudgetConfig, cost: Cost, framework: str = DEFAULT) -> tuple[Line, ...]:
    """The platform's budget, or the config's where it is stricter, against what was measured.

    Waits for flash are added to the cycles counted, the longest that are known of (``longest_waits``).
    """
    budget, reserve, sizes, cycles = platform.budget, reserve_of(platform, framework), cost.sizes, cost.cycles
    flash, ram = available(platform, reserve)
    used_ram = sizes.ram - (sizes.resident_ram if reserve and reserve.runs_from_flash else 0)
    lines = [
        Line("flash", sizes.flash, min(flash, limits.flash_bytes or flash), "B"),
        Line("RAM", used_ram, min(ram, limits.ram_bytes or ram), "B"),
    ]
    if cost.stack_bytes is not None and sizes.stack_reserved:
        lines.append(Line("stack", cost.stack_bytes, sizes.stack_reserved, "B"))
    if cycles is not None:
        per_ms = platform.chip.clock_hz / 1000.0
        waits = longest_waits(platform, cost)
        invoke = cycles.invoke + waits.invoke
        allowed = min(budget.latency_ms, limits.latency_ms or budget.latency_ms)
        lines.append(Line("latency", round(invoke / per_ms, 3), allowed, "ms"))
        busy = (invoke + cost.stride * (cycles.frontend + waits.frontend)) / per_ms
        lines.append(Line("duty cycle", round(100.0 * busy / cost.hop_ms, 2), budget.duty_percent, "%"))
    return tuple(lines)


def estimate_mark(line: str, estimated: Sequence[str]) -> str:
    """The sign before a line's figure: "~" if the analytic model has estimated it, else nothing."""
    kind = {"flash": "sizes", "RAM": "sizes", "stack": "stack"}.get(line, "cycles")
    return "~" if kind in estimated else ""


def longest_waits(platform: Platform, cost: Cost) -> Cycles:
    """How long a feature frame and an inference wait for flash at most.

    Together the constants are larger than the cache, so an inference is taken to wait for each word of them once, and
    for those of a call that the cache does not keep as often as the call reads them (``placement.reread_bytes``). Code
    waits, too: where a model of the cache has counted more (``Cost.flash_waits``), that is it.
    """
    modelled = cost.flash_waits or Cycles(0, 0)
    return Cycles(modelled.frontend, max(modelled.invoke, flash_wait_cycles(platform, cost.sizes, cost.reread_bytes)))


def flash_wait_cycles(platform: Platform, sizes: Sizes, reread_bytes: int = 0) -> int:
    """How long an inference waits that reads each word of the model's constants in flash once, and ``reread_bytes`` of
    them again, and finds none cached."""
    in_flash = sizes.model_flash - sizes.model_resident
    return -(-(in_flash + (reread_bytes if in_flash else 0)) // 4) * platform.chip.flash_word_cycles


def available(platform: Platform, reserve: FrameworkReserve | None) -> tuple[int, int]:
    """Flash and RAM for a firmware: the profile's budget, and no more than a framework leaves of the chip.

    A flash budget and a slot are for the whole image, of which the framework is a part; a RAM budget is for us.
    """
    budget, memory = platform.budget, platform.memory
    if reserve is None:
        return budget.flash_bytes, budget.ram_bytes
    flash = min(budget.flash_bytes, reserve.slot_bytes or budget.flash_bytes) - int(reserve.flash_bytes.value)
    ram = memory.ram_bytes - memory.reserved_ram_bytes - int(reserve.ram_bytes.value)
    return max(flash, 0), max(min(budget.ram_bytes, ram), 0)


def reserve_of(platform: Platform, framework: str) -> FrameworkReserve | None:
    """What a framework takes of the chip; None for a package format that stands alone.

    Raises:
        UsageError: the profile does not know the framework.
    """
    names = framework_names(platform)
    if framework not in names:
        raise UsageError(f"{platform.file} has no framework_reserve for {framework}; it has {', '.join(names)}")
    return platform.framework_reserve.get(framework)


def framework_names(platform: Platform) -> list[str]:
    """The package formats that stand alone, and the frameworks whose reserve the profile has."""
    alone = [name for name, package in FORMATS.items() if package.stands_alone]
    return [*alone, *(name for name in platform.framework_reserve if name not in alone)]
