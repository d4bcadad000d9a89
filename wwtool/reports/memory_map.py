"""The map of a model's memory as SVG text: the arena over time, the state below it. Pure functions of a Report.

Steps run from left to right, byte offsets from bottom to top. A rectangle is a tensor or scratch memory, for as long as
its bytes are in use. Where a kernel writes its output over its input, one ends and the other begins in mid-step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from wwtool.compiler.report import ArenaRegion, Report, handovers
from wwtool.reports.svg import drawing, line, rectangle, text, ticks

_PLOT_WIDTH, _PLOT_HEIGHT = 800.0, 320.0
_LEFT, _RIGHT, _TOP = 80.0, 136.0, 72.0
_NARROWEST_STEP = 15.0
_CHARACTER = 6.6  # width of one in 12 px system-ui, rounded up
_LINE = 13.0
_STATE_HEIGHT = 34.0
_KINDS = {"input": "input", "output": "output", "tensor": "tensor", "scratch": "scratch of one kernel"}


def memory_map(report: Report, alone: bool = False) -> str:
    """The whole drawing; ``alone`` as an SVG document, else as an element of a page."""
    steps = len(report.layers) + 1
    column = max(_PLOT_WIDTH / steps, _NARROWEST_STEP)
    parts = [*_heading(report), *_arena(report, column)]
    bottom = _TOP + (_PLOT_HEIGHT + _label_height(report, column) if report.arena_bytes else 0.0)
    parts += _state(report, bottom + 24.0, column * steps)
    height = bottom + 24.0 + (_STATE_HEIGHT + 22.0 if report.states else 0.0)
    label = f"{report.name}: {report.arena_bytes:,} bytes of arena, {report.state_bytes:,} bytes of state"
    return drawing(_LEFT + column * steps + _RIGHT, height, label, parts, alone)


def short_name(name: str) -> str:
    """The end of a tensor's name, which tells most: converters join the paths of all the tensors that they fused."""
    return "/".join(name.split(";")[0].split("/")[-2:]).strip() or name


def fit_text(label: str, width: float) -> str:
    """``label``, or its first part, or the end of that: what fits into ``width`` pixels; "" if too little does."""
    room = int(width / _CHARACTER)
    first = label.split("/")[0]
    whole = next((part for part in (label, first) if len(part) <= room), "")
    return whole or (f"…{first[1 - room :]}" if room >= 5 else "")


def _heading(report: Report) -> Iterator[str]:
    yield text(_LEFT, 20, f"Arena, {report.arena_bytes:,} B", "head")
    if report.peak is None or not report.arena_bytes:
        return
    peak = report.layers[report.peak]
    fullest = f"fullest in operator {peak.operator} ({peak.kind}): {peak.live_bytes:,} B in use"
    yield text(_LEFT, 38, fullest, "soft")
    x = _LEFT
    for kind, label in _KINDS.items():
        if any(region.kind == kind for region in report.regions):
            yield rectangle(x, 46, 11, 11, f"region {kind}")
            yield text(x + 16, 56, label, "soft")
            x += 34 + len(label) * _CHARACTER
    if handovers(report.regions):
        yield line(x + 5, 44, x + 5, 59, "handover")
        yield text(x + 14, 56, "written over its input", "soft")


def _arena(report: Report, column: float) -> Iterator[str]:
    if not report.arena_bytes:
        return
    steps, floor = len(report.layers) + 1, _TOP + _PLOT_HEIGHT
    right = _LEFT + column * steps
    top_bytes = max(report.arena_bytes, report.lower_bound_bytes)

    def height_of(nbytes: float) -> float:
        return nbytes / top_bytes * (_PLOT_HEIGHT - 10)

    if report.peak is not None:
        x = _LEFT + column * report.peak
        yield rectangle(x, _TOP, column, _PLOT_HEIGHT, "band")
        yield text(x + column / 2, _TOP + 2, "▼ peak" if column >= 48 else "▼", "marked", "middle")
    for tick in ticks(top_bytes):
        y = floor - height_of(tick)
        yield line(_LEFT, y, right, y, "grid")
        yield text(_LEFT - 8, y + 4, f"{tick:,}", "soft", "end")
    yield text(14, floor - _PLOT_HEIGHT / 2, "offset in bytes", "soft", "middle", turned=-90)
    shared = handovers(report.regions)
    early, late = {id(source) for source, _ in shared}, {id(target) for _, target in shared}
    for region in report.regions:
        # A region that is written over another begins in mid-step, where the other ends.
        begin, end = region.first + 0.5 * (id(region) in late), region.last + 1 - 0.5 * (id(region) in early)
        bottom, height = floor - height_of(region.offset), height_of(region.nbytes)
        yield from _region(report, region, _LEFT + column * begin, column * (end - begin), bottom, height)
    for source, target in shared:
        low = max(source.offset, target.offset)
        high = min(source.offset + source.nbytes, target.offset + target.nbytes)
        x = _LEFT + column * (target.first + 0.5)
        yield line(x, floor - height_of(low), x, floor - height_of(high), "handover")
    yield from _levels(report, floor, right, height_of(1))
    for step in range(steps):
        yield _step_label(report, step, column, floor)


def _region(report: Report, region: ArenaRegion, x: float, width: float, bottom: float, height: float) -> Iterator[str]:
    drawn = max(height, 2.0)
    until = "until the next inference" if region.last == len(report.layers) else f"to step {region.last}"
    title = f"{region.name}: {region.nbytes:,} B at {region.offset:,}, from step {region.first} {until}"
    yield rectangle(x, bottom - drawn, width, drawn, f"region {region.kind}", title)
    size, middle = f"{region.nbytes:,} B", x + width / 2
    whole = "scratch" if region.kind == "scratch" else short_name(region.name)
    name, one_line = fit_text(whole, width - 8), f"{whole}, {size}"
    if height >= 2 * _LINE + 4 and name and fit_text(size, width - 8):
        yield text(middle, bottom - height / 2 - 3, name, "", "middle")
        yield text(middle, bottom - height / 2 + 11, fit_text(size, width - 8), "soft", "middle")
    elif height >= _LINE:
        label = one_line if one_line == fit_text(one_line, width - 8) else name or fit_text(size, width - 8)
        if label:
            yield text(middle, bottom - height / 2 + 4, label, "", "middle")


def _levels(report: Report, floor: float, right: float, scale: float) -> Iterator[str]:
    """The arena's size and its lower bound as lines, with their names in the right margin."""
    arena, bound = (floor - nbytes * scale for nbytes in (report.arena_bytes, report.lower_bound_bytes))
    yield line(_LEFT, arena, right + 6, arena, "mark")
    yield text(right + 10, arena + 4, f"arena {report.arena_bytes:,} B", "marked")
    if report.lower_bound_bytes == report.arena_bytes:
        yield text(right + 10, arena + 4 + _LINE, "= its lower bound", "soft")
        return
    yield line(_LEFT, bound, right + 6, bound, "bound")
    y = max(bound + 4, arena + 4 + _LINE)
    yield text(right + 10, y, "lower bound")
    yield text(right + 10, y + _LINE, f"{report.lower_bound_bytes:,} B")


def _step_label(report: Report, step: int, column: float, floor: float) -> str:
    x, y = _LEFT + column * (step + 0.5) + 4, floor + 12
    kind = "" if step == report.peak else "soft"
    return text(x, y, _step_name(report, step), kind, "end", turned=-90 if column < 34 else -38)


def _step_name(report: Report, step: int) -> str:
    if step == len(report.layers):
        return "until the next inference"
    layer = report.layers[step]
    return f"{layer.operator} {layer.kind}"


def _label_height(report: Report, column: float) -> float:
    longest = max(len(_step_name(report, step)) for step in range(len(report.layers) + 1)) * _CHARACTER * 1.15
    return 16 + longest * (1.0 if column < 34 else math.sin(math.radians(38)) + 0.05)


def _state(report: Report, top: float, width: float) -> Iterator[str]:
    if not report.states:
        return
    yield text(_LEFT, top, f"State, kept from one inference to the next, {report.state_bytes:,} B", "head")
    for state in report.states:
        x, extent = _LEFT + state.offset / report.state_bytes * width, state.nbytes / report.state_bytes * width
        title = f"{state.name}: {state.nbytes:,} B at {state.offset:,}"
        yield rectangle(x, top + 8, max(extent, 1.0), _STATE_HEIGHT, "region state", title)
        name, size = fit_text(short_name(state.name), extent - 6), fit_text(f"{state.nbytes:,} B", extent - 6)
        labels = [label for label in (name, size) if label]
        for number, label in enumerate(labels):
            y = top + 8 + _STATE_HEIGHT / 2 + 4 + (number - (len(labels) - 1) / 2) * _LINE
            yield text(x + extent / 2, y, label, "soft" if label == size else "", "middle")
