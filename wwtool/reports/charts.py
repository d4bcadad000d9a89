"""The charts of the build page: recall against false alarms, and bars made of parts. Pure functions of figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wwtool.reports.svg import Scale, curve, dot, drawing, line, rectangle, text, ticks

# Narrow, so that the letters are still large enough to read on a phone, where the drawing shrinks to 340 pixels.
_WIDTH = 520.0
_LEFT, _RIGHT = 64.0, 20.0
CONDITIONS = {"clean": "clean", "noisy": "with noise at 10 dB"}
_FEWEST, _MOST = 0.1, 100.0  # false alarms per hour on the axis
_COLOURS = 6  # part1 to part6 of the style sheet


@dataclass(frozen=True)
class Bar:
    """One bar: its name and the parts it is made of, in the order in which they are drawn."""

    name: str
    parts: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        return sum(size for _, size in self.parts)


def recall_chart(
    points: Sequence[dict[str, Any]],
    chosen: dict[str, Any],
    intervals: dict[str, tuple[float, float]] | None = None,
    budget_per_hour: float | None = None,
) -> str:
    """Recall over false alarms per hour, one curve a condition.

    Args:
        points: for every threshold ``threshold``, ``recall`` by condition and ``per_hour``.
        chosen: the operating point; a dot marks it.
        intervals: the 95 % interval of its recall, by condition; a bar through the dot shows it.
        budget_per_hour: the most false alarms that the config allows.
    """
    top, bottom = 44.0, 250.0
    x = Scale(_FEWEST, _MOST, _LEFT, _WIDTH - _RIGHT, logarithmic=True)
    y = Scale(0.0, 1.0, bottom, top)
    parts = [*_recall_axes(x, y)]
    if budget_per_hour is not None and _FEWEST < budget_per_hour < _MOST:
        parts.append(line(x(budget_per_hour), y.end, x(budget_per_hour), y.start, "limit"))
        parts.append(text(x(budget_per_hour) + 5, y.end + 13, "budget", "soft"))
    for number, name in enumerate(chosen["recall"]):
        kind = f"line{number + 1}"
        parts.append(curve(((x(p["per_hour"]), y(p["recall"][name])) for p in _falling(points)), kind))
        parts.append(line(_LEFT + 150 * number, 20, _LEFT + 150 * number + 22, 20, kind))
        parts.append(text(_LEFT + 150 * number + 29, 24, CONDITIONS.get(name, name)))
    for number, (name, recall) in enumerate(chosen["recall"].items()):
        # Side by side, as both conditions have the same false alarms.
        place = x(chosen["per_hour"]) + 6 * number
        low, high = (intervals or {}).get(name, (recall, recall))
        parts.append(line(place, y(low), place, y(high), f"line{number + 1} interval"))
        parts.append(dot(place, y(recall), f"dot{number + 1}", f"{recall:.1%}, 95 % interval {low:.1%} to {high:.1%}"))
    return drawing(_WIDTH, bottom + 46, "Recall against false alarms per hour", parts)


def _recall_axes(x: Scale, y: Scale) -> Iterator[str]:
    for per_hour, label in ((0.1, "≤ 0.1"), (1.0, "1"), (10.0, "10"), (100.0, "≥ 100")):
        yield line(x(per_hour), y.end, x(per_hour), y.start, "grid")
        yield text(x(per_hour), y.start + 18, label, "soft", "middle")
    for percent in range(0, 101, 20):
        yield line(x.start, y(percent / 100), x.end, y(percent / 100), "grid")
        yield text(x.start - 8, y(percent / 100) + 4, f"{percent} %", "soft", "end")
    yield text((x.start + x.end) / 2, y.start + 38, "false alarms per hour", "", "middle")
    yield text(13, (y.start + y.end) / 2, "recall", "", "middle", turned=-90)


def _falling(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The points from the highest threshold down, while alarms rise: below, a detector no longer re-arms."""
    falling: list[dict[str, Any]] = []
    for point in sorted(points, key=lambda p: -int(p["threshold"])):
        if not falling or point["per_hour"] >= falling[-1]["per_hour"]:
            falling.append(point)
    return falling


def space_chart(bars: Sequence[Bar]) -> str:
    """Bars of bytes on one axis in KiB, with the names of their parts below."""
    most = max((bar.total for bar in bars), default=0) or 1
    x = Scale(0, most, _LEFT, _WIDTH - _RIGHT - 62)
    floor = 12.0 + 36.0 * len(bars)
    parts: list[str] = []
    for kib in ticks(most / 1024):
        parts.append(line(x(kib * 1024), 6, x(kib * 1024), floor, "grid"))
        parts.append(text(x(kib * 1024), floor + 16, f"{kib}", "soft", "middle"))
    parts.append(text(x.end + 12, floor + 16, "KiB", "soft"))
    used = {name for bar in bars for name, size in bar.parts if size}
    names = [name for name in dict.fromkeys(name for bar in bars for name, _ in bar.parts) if name in used]
    for row, bar in enumerate(bars):
        top, start = 12.0 + 36.0 * row, 0
        parts.append(text(_LEFT - 8, top + 17, bar.name, "", "end"))
        for name, size in bar.parts:
            if size:
                kind = f"part{names.index(name) % _COLOURS + 1}"
                width = x(start + size) - x(start)
                parts.append(rectangle(x(start), top, width, 24, kind, f"{bar.name}, {name}: {size:,} B"))
                start += size
        parts.append(text(x(bar.total) + 7, top + 17, f"{bar.total / 1024:.1f} KiB"))
    for number, name in enumerate(names):
        left, top = _LEFT + 220 * (number % 2), floor + 34 + 20 * (number // 2)
        parts.append(rectangle(left, top, 12, 12, f"part{number % _COLOURS + 1}"))
        parts.append(text(left + 19, top + 10.5, name))
    height = floor + 34 + 20 * ((len(names) + 1) // 2)
    label = "; ".join(f"{bar.name}: {bar.total:,} bytes" for bar in bars)
    return drawing(_WIDTH, height, label, parts)
