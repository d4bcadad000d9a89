"""Curves over two axes: what most figures of training and judging are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wwtool.reports.svg import Scale, curve, dot, drawing, line, text

_WIDTH, _TOP, _BOTTOM = 520.0, 44.0, 250.0
_LEFT, _RIGHT = 64.0, 20.0
_COLOURS = 2  # line1 and line2 of the style sheet
_NAME_WIDTH = 150


@dataclass(frozen=True)
class Axis:
    """``marks``: values that the axis names, and their names. Values outside of its bounds are at its ends."""

    title: str
    low: float
    high: float
    marks: Sequence[tuple[float, str]]
    logarithmic: bool = False

    def scale(self, start: float, end: float) -> Scale:
        return Scale(self.low, self.high, start, end, self.logarithmic)


SHARES = tuple((share / 100, f"{share} %") for share in range(0, 101, 20))


@dataclass(frozen=True)
class Curve:
    """A named line from point to point; ``mark`` is one of its points, with what it says."""

    name: str
    points: Sequence[tuple[float, float]]
    mark: tuple[float, float, str] | None = None


def line_chart(
    label: str, across: Axis, up: Axis, curves: Sequence[Curve], diagonal: bool = False, alone: bool = False
) -> str:  # fmt: skip
    """The curves; ``diagonal`` draws a line from corner to corner beside them. ``alone``: as in ``svg.drawing``."""
    x, y = across.scale(_LEFT, _WIDTH - _RIGHT), up.scale(_BOTTOM, _TOP)
    parts = [*_axes(across, up, x, y)]
    if diagonal:
        parts.append(line(x.start, y.start, x.end, y.end, "limit"))
    for number, drawn in enumerate(curves):
        kind = number % _COLOURS + 1
        parts.append(curve(((x(a), y(b)) for a, b in drawn.points), f"line{kind}"))
        left = _LEFT + _NAME_WIDTH * number
        parts += [line(left, 20, left + 22, 20, f"line{kind}"), text(left + 29, 24, drawn.name)]
        if drawn.mark is not None:
            a, b, what = drawn.mark
            parts.append(dot(x(a), y(b), f"dot{kind}", what))
    return drawing(_WIDTH, _BOTTOM + 46, label, parts, alone)


def _axes(across: Axis, up: Axis, x: Scale, y: Scale) -> Iterable[str]:
    for value, name in across.marks:
        yield line(x(value), y.end, x(value), y.start, "grid")
        yield text(x(value), y.start + 18, name, "soft", "middle")
    for value, name in up.marks:
        yield line(x.start, y(value), x.end, y(value), "grid")
        yield text(x.start - 8, y(value) + 4, name, "soft", "end")
    yield text((x.start + x.end) / 2, y.start + 38, across.title, "", "middle")
    yield text(13, (y.start + y.end) / 2, up.title, "", "middle", turned=-90)
