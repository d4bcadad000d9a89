"""The picture of a board's wires: the board on the left, what is connected to it on the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from wwtool.platforms.profile import Platform
from wwtool.platforms.wires import Wire
from wwtool.reports.svg import drawing, line, rectangle, text

_WIDTH, _ROW, _TITLE, _GAP, _MARGIN = 720.0, 26.0, 32.0, 22.0, 16.0
_BOARD_RIGHT, _PARTS_LEFT = 250.0, 390.0
_SIGNALS = ("line1", "line2", "line3")


def wiring_picture(platform: Platform) -> str:
    """An SVG document; empty if the profile tells of no wires."""
    wires = platform.wires
    if not wires:
        return ""
    parts = [list(group) for _, group in groupby(wires, key=lambda wire: wire.part)]
    height = 2 * _MARGIN + sum(_height(part) for part in parts) + _GAP * (len(parts) - 1)
    title = platform.wiring.title if platform.wiring else platform.title
    marks = [
        rectangle(_MARGIN, _MARGIN, _BOARD_RIGHT - _MARGIN, height - 2 * _MARGIN, "box"),
        text(_MARGIN + 14, _MARGIN + 22, title.split(" with ")[0], "head"),
    ]
    top = _MARGIN
    for part in parts:
        marks += _part(part, top)
        top += _height(part) + _GAP
    words = "; ".join(f"{wire.part} {wire.end} to {wire.pin}" for wire in wires)
    return drawing(_WIDTH, height, f"{title}: {words}", marks, alone=True)


def _height(part: Sequence[Wire]) -> float:
    return _TITLE + _ROW * len(part) + (_ROW if part[0].on_board else 0.0) + 8


def _part(wires: Sequence[Wire], top: float) -> Iterator[str]:
    built_in = wires[0].on_board
    yield rectangle(_PARTS_LEFT, top, _WIDTH - _MARGIN - _PARTS_LEFT, _height(wires), "box")
    yield text(_PARTS_LEFT + 14, top + 22, wires[0].part, "head")
    signals = iter(_SIGNALS * len(wires))
    for row, wire in enumerate(wires):
        y = top + _TITLE + _ROW * (row + 0.5)
        kind = next(signals) if wire.carries == "signal" else wire.carries
        yield line(_BOARD_RIGHT, y, _PARTS_LEFT, y, f"limit {kind}" if built_in else kind)
        yield text(_BOARD_RIGHT - 12, y + 4, wire.pin, "", "end")
        yield text(_PARTS_LEFT + 14, y + 4, wire.end)
    if built_in:
        yield text(_PARTS_LEFT + 14, top + _height(wires) - 14, "on the board already: nothing to wire", "soft")
