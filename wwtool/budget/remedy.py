"""The nearest change that makes a model fit: a smaller model, a higher limit, another board."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wwtool.budget.result import Cost, DryBuild, available, framework_names, judge, reserve_of
from wwtool.config import BudgetConfig
from wwtool.errors import ToolError
from wwtool.packages import DEFAULT
from wwtool.platforms.load import load_platforms
from wwtool.platforms.profile import Platform

# What a model costs on a platform.
Measure = Callable[[Platform, str], Cost]
_CONFIG_KEYS = {"flash": "flash_bytes", "RAM": "ram_bytes", "latency": "latency_ms"}


def nearest_change(
    platform: Platform, result: DryBuild, smaller: Sequence[str], limits: BudgetConfig, measure: Measure
) -> str:
    """What to change, as the end of a sentence. ``smaller`` are models to try, the largest first."""
    for model in smaller:
        if judge(platform, limits, measure(platform, model), result.framework).fits:
            return f"{model} would fit: --model {model}"
    ways = [
        way
        for way in (
            _raised(platform, result, limits),
            _without_framework(platform, result, limits),
            _for_size(platform, result, limits, measure),
            _larger_board(platform, result, limits, measure),
        )
        if way
    ]
    none = "no smaller model fits" if smaller else "it is the smallest model"
    return f"{none}; {', or '.join(ways)}" if ways else f"{none}, here or on any other platform"


def _raised(platform: Platform, result: DryBuild, limits: BudgetConfig) -> str:
    """The limits of the config to raise, if those are all that is in the way."""
    if not judge(platform, BudgetConfig(), result, result.framework).fits:
        return ""
    keys = [f"budget.{_CONFIG_KEYS[line.name]} to {line.used:,}" for line in result.lines if not line.fits]
    return f"raise the budget in the config: {' and '.join(keys)}"


def _without_framework(platform: Platform, result: DryBuild, limits: BudgetConfig) -> str:
    if reserve_of(platform, result.framework) is None or not judge(platform, limits, result).fits:
        return ""
    return f"leave {result.framework} out: --framework {DEFAULT}"


def _for_size(platform: Platform, result: DryBuild, limits: BudgetConfig, measure: Measure) -> str:
    """The portable kernels, whose weights are not packed."""
    if platform.optimize == "size":
        return ""
    small = platform.model_copy(update={"optimize": "size"})
    if not judge(small, limits, measure(small, result.model), result.framework).fits:
        return ""
    return f"set optimize: size in {platform.place}"


def _larger_board(platform: Platform, result: DryBuild, limits: BudgetConfig, measure: Measure) -> str:
    """The smallest other platform that the model fits."""
    boards = [p for p in load_platforms() if p.has_board and p.name != platform.name and not p.core.is_this_machine]
    for other in sorted(boards, key=lambda p: available(p, None)[::-1]):
        framework = result.framework if result.framework in framework_names(other) else DEFAULT
        try:
            if judge(other, limits, measure(other, result.model), framework).fits:
                return f"take a larger board: --platform {other.name}"
        except ToolError:
            continue  # no compiler for it here, and nothing to estimate with
    return ""
