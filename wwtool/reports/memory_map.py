"""The picture of a model's memory as SVG text: the arena over time, the state beneath it. Pure functions of a Report.

Steps run from left to right, byte offsets from bottom to top; a rectangle is a tensor or scratch memory for as long as
its bytes are taken. Where a kernel writes its output over its input, the one ends and the other begins in mid-step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from wwtool.compiler.report import ArenaRegion, Report, handovers

_PLOT_WIDTH, _PLOT_HEIGHT = 860.0, 320.0
_LEFT, _RIGHT, _TOP = 72.0, 128.0, 66.0
_NARROWEST_STEP = 15.0
_CHARACTER = 6.0  # width of one in 11 px system-ui, rounded up
_LINE = 13.0
_STATE_HEIGHT = 30.0
_KINDS = {"input": "input", "output": "output", "tensor": "tensor", "scratch": "scratch of one kernel"}
_STYLE = """
.ww-map { --paper: #fff; --ink: #1c2430; --soft: #667085; --line: #e2e6ec; --band: #f4f6f9; --mark: #c62828;
  --input: #b9d3f8; --output: #b8e3c4; --tensor: #d9dfe8; --scratch: #fad6a0; --state: #dacdf4; --edge: #8b95a5; }
@media (prefers-color-scheme: dark) { .ww-map { --paper: #12161c; --ink: #e7ebf1; --soft: #98a2b3; --line: #2c3440;
  --band: #1a2029; --mark: #ff7b72; --input: #264a80; --output: #1f5c38; --tensor: #354050; --scratch: #70490f;
  --state: #483776; --edge: #76839a; } }
.ww-map text { fill: var(--ink); font: 11px system-ui, sans-serif; }
.ww-map .soft { fill: var(--soft); } .ww-map .head { font-weight: 600; font-size: 13px; }
.ww-map .mid { text-anchor: middle; } .ww-map .end { text-anchor: end; }
.ww-map .paper { fill: var(--paper); } .ww-map .band { fill: var(--band); }
.ww-map .grid { stroke: var(--line); } .ww-map .mark { stroke: var(--mark); stroke-width: 1.5; }
.ww-map .bound { stroke: var(--ink); stroke-dasharray: 5 4; } .ww-map text.marked { fill: var(--mark); }
.ww-map .region { stroke: var(--edge); stroke-width: .8; fill-opacity: .92; } .ww-map .input { fill: var(--input); }
.ww-map .output { fill: var(--output); } .ww-map .tensor { fill: var(--tensor); }
.ww-map .scratch { fill: var(--scratch); }
.ww-map .handover { stroke: var(--ink); stroke-width: 1.2; stroke-dasharray: 3 3; }
.ww-map .state { fill: var(--state); }
"""


def memory_svg(report: Report) -> str:
    """The whole picture, as an SVG document that also stands inside HTML."""
    steps = len(report.layers) + 1
    column = max(_PLOT_WIDTH / steps, _NARROWEST_STEP)
    width = _LEFT + column * steps + _RIGHT
    parts = [*_heading(report), *_arena(report, column)]
    bottom = _TOP + (_PLOT_HEIGHT + _label_height(report, column) if report.arena_bytes else 0.0)
    parts += _state(report, bottom + 24.0, column * steps)
    height = bottom + 24.0 + (_STATE_HEIGHT + 22.0 if report.states else 0.0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ww-map" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label={_attribute(_summary(report))}>\n'
        f'<style>{_STYLE}</style>\n<rect class="paper" width="100%" height="100%"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def short_name(name: str) -> str:
    """The telling end of a tensor's name: converters join the names of all they fused, each with its path."""
    return "/".join(name.split(";")[0].split("/")[-2:]).strip() or name


def fitted(text: str, width: float) -> str:
    """``text``, or its first part, or the end of that: what fits into ``width`` pixels; "" if that is too little."""
    room = int(width / _CHARACTER)
    whole = next((part for part in (text, text.split("/")[0]) if len(part) <= room), "")
    return whole or (f"…{text.split('/')[0][1 - room :]}" if room >= 5 else "")


def _summary(report: Report) -> str:
    return f"{report.name}: {report.arena_bytes:,} bytes of arena, {report.state_bytes:,} bytes of state"


def _heading(report: Report) -> Iterator[str]:
    yield _text(_LEFT, 20, f"Arena, {report.arena_bytes:,} B", "head")
    if report.peak is None or not report.arena_bytes:
        return
    peak = report.layers[report.peak]
    yield _text(_LEFT, 37, f"most in use: {peak.live_bytes:,} B, in operator {peak.operator} ({peak.kind})", "soft")
    x = _LEFT
    for kind, label in _KINDS.items():
        if any(region.kind == kind for region in report.regions):
            yield f'<rect class="region {kind}" x="{x:.1f}" y="44" width="11" height="11"/>'
            yield _text(x + 16, 54, label, "soft")
            x += 34 + len(label) * _CHARACTER
    if handovers(report.regions):
        yield f'<line class="handover" x1="{x + 5:.1f}" y1="42" x2="{x + 5:.1f}" y2="57"/>'
        yield _text(x + 14, 54, "written over its input", "soft")


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
        yield f'<rect class="band" x="{x:.1f}" y="{_TOP:.1f}" width="{column:.1f}" height="{_PLOT_HEIGHT:.1f}"/>'
        yield _text(x + column / 2, _TOP + 2, "▼ peak" if column >= 44 else "▼", "marked mid")
    for tick in _ticks(top_bytes):
        y = floor - height_of(tick)
        yield f'<line class="grid" x1="{_LEFT:.1f}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}"/>'
        yield _text(_LEFT - 8, y + 4, f"{tick:,}", "soft end")
    shared = handovers(report.regions)
    early, late = {id(source) for source, _ in shared}, {id(target) for _, target in shared}
    for region in report.regions:
        # Where one is written over another, it begins in mid-step, where the other ends.
        begin, end = region.first + 0.5 * (id(region) in late), region.last + 1 - 0.5 * (id(region) in early)
        bottom, height = floor - height_of(region.offset), height_of(region.nbytes)
        yield from _rectangle(report, region, _LEFT + column * begin, column * (end - begin), bottom, height)
    for source, target in shared:
        low = max(source.offset, target.offset)
        high = min(source.offset + source.nbytes, target.offset + target.nbytes)
        x = _LEFT + column * (target.first + 0.5)
        yield (
            f'<line class="handover" x1="{x:.1f}" y1="{floor - height_of(low):.1f}" x2="{x:.1f}" '
            f'y2="{floor - height_of(high):.1f}"/>'
        )
    yield from _levels(report, floor, right, height_of(1))
    for step in range(steps):
        yield _step_label(report, step, column, floor)


def _rectangle(
    report: Report, region: ArenaRegion, x: float, width: float, bottom: float, height: float
) -> Iterator[str]:
    drawn = max(height, 2.0)
    last = "until the next inference" if region.last == len(report.layers) else f"to step {region.last}"
    title = f"{region.name}: {region.nbytes:,} B at {region.offset:,}, from step {region.first} {last}"
    yield (
        f'<rect class="region {region.kind}" x="{x:.1f}" y="{bottom - drawn:.1f}" width="{width:.1f}" '
        f'height="{drawn:.1f}"><title>{_content(title)}</title></rect>'
    )
    size, middle = f"{region.nbytes:,} B", x + width / 2
    whole = "scratch" if region.kind == "scratch" else short_name(region.name)
    name, one_line = fitted(whole, width - 8), f"{whole}, {size}"
    if height >= 2 * _LINE + 4 and name and fitted(size, width - 8):
        yield _text(middle, bottom - height / 2 - 3, name, "mid")
        yield _text(middle, bottom - height / 2 + 11, fitted(size, width - 8), "mid soft")
    elif height >= _LINE:
        label = one_line if one_line == fitted(one_line, width - 8) else name or fitted(size, width - 8)
        if label:
            yield _text(middle, bottom - height / 2 + 4, label, "mid")


def _levels(report: Report, floor: float, right: float, scale: float) -> Iterator[str]:
    """The arena's size and its lower bound as lines, named in the right margin."""
    arena, bound = (floor - nbytes * scale for nbytes in (report.arena_bytes, report.lower_bound_bytes))
    yield f'<line class="mark" x1="{_LEFT:.1f}" y1="{arena:.1f}" x2="{right + 6:.1f}" y2="{arena:.1f}"/>'
    yield _text(right + 10, arena + 4, f"arena {report.arena_bytes:,} B", "marked")
    if report.lower_bound_bytes == report.arena_bytes:
        yield _text(right + 10, arena + 4 + _LINE, "= its lower bound", "soft")
        return
    yield f'<line class="bound" x1="{_LEFT:.1f}" y1="{bound:.1f}" x2="{right + 6:.1f}" y2="{bound:.1f}"/>'
    y = max(bound + 4, arena + 4 + _LINE)
    yield _text(right + 10, y, "lower bound")
    yield _text(right + 10, y + _LINE, f"{report.lower_bound_bytes:,} B")


def _step_label(report: Report, step: int, column: float, floor: float) -> str:
    label, x, y = _step_name(report, step), _LEFT + column * (step + 0.5), floor + 12
    angle = -90 if column < 34 else -38
    soft = "" if step == report.peak else " soft"
    return (
        f'<text class="end{soft}" x="{x + 4:.1f}" y="{y:.1f}" transform="rotate({angle} {x + 4:.1f} {y:.1f})">'
        f"{_content(label)}</text>"
    )


def _step_name(report: Report, step: int) -> str:
    if step == len(report.layers):
        return "kept afterwards"
    layer = report.layers[step]
    return f"{layer.operator} {layer.kind}"


def _label_height(report: Report, column: float) -> float:
    longest = max(len(_step_name(report, step)) for step in range(len(report.layers) + 1)) * _CHARACTER * 1.15
    return 16 + longest * (1.0 if column < 34 else math.sin(math.radians(38)) + 0.05)


def _state(report: Report, top: float, width: float) -> Iterator[str]:
    if not report.states:
        return
    yield _text(_LEFT, top, f"State, kept from one inference to the next, {report.state_bytes:,} B", "head")
    for state in report.states:
        x, extent = _LEFT + state.offset / report.state_bytes * width, state.nbytes / report.state_bytes * width
        title = f"{state.name}: {state.nbytes:,} B at {state.offset:,}"
        yield (
            f'<rect class="region state" x="{x:.1f}" y="{top + 8:.1f}" width="{max(extent, 1.0):.1f}" '
            f'height="{_STATE_HEIGHT:.1f}"><title>{_content(title)}</title></rect>'
        )
        name, size = fitted(short_name(state.name), extent - 6), fitted(f"{state.nbytes:,} B", extent - 6)
        lines = [line for line in (name, size) if line]
        for number, line in enumerate(lines):
            y = top + 8 + _STATE_HEIGHT / 2 + 4 + (number - (len(lines) - 1) / 2) * _LINE
            yield _text(x + extent / 2, y, line, "mid soft" if line == size else "mid")


def _ticks(top_bytes: int) -> list[int]:
    """Round numbers of bytes from 0 up, about five."""
    rough = max(top_bytes / 5, 1)
    power = 10 ** math.floor(math.log10(rough))
    step = int(next(m for m in (1, 2, 5, 10) if m * power >= rough) * power)
    return list(range(0, top_bytes + 1, step))


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    mark = f' class="{kind}"' if kind else ""
    return f'<text{mark} x="{x:.1f}" y="{y:.1f}">{_content(text)}</text>'


def _content(text: str) -> str:
    """Text that XML can hold: control characters cannot be written there at all."""
    return escape("".join(c if c.isprintable() else "�" for c in text))


def _attribute(text: str) -> str:
    return quoteattr("".join(c if c.isprintable() else "�" for c in text))
