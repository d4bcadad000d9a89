"""report.html and memory.svg of a compiled model, and the rows that the terminal shows as well.

Every figure comes from ``compiler.report``; here they become text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from wwtool.base.files import write_text
from wwtool.compiler.report import Layer, Report
from wwtool.compiler.targets import kernel_set
from wwtool.reports.memory_map import memory_map, short_name
from wwtool.reports.pages import Tile, write_page


@dataclass(frozen=True)
class SizeRow:
    """A line of the size table; ``part`` of the line above it."""

    what: str
    nbytes: str
    remark: str = ""
    part: bool = False


def write_report(report: Report, folder: Path) -> None:
    """Writes report.html, which needs no other file, and memory.svg."""
    write_text(folder / "memory.svg", memory_map(report, alone=True))
    write_page(folder / "report.html", "compile.html.j2", page(report, memory_map(report)))


def page(report: Report, picture: str) -> dict[str, Any]:
    """Everything that the template prints; ``picture`` is the memory map."""
    work = [*map(_work, report.layers), *([report.instructions_after] if report.instructions_after else [])]
    most = max(work, default=0) or 1
    *rows, total = layer_rows(report)
    return {
        "title": f"{report.name} for {report.target}",
        "heading": report.name,
        "subtitle": f"compiled for {report.target}, optimized for {report.optimize}",
        "lead": "This page describes the C code that wwtool has compiled from a model: the work of each layer, the "
        "use of memory, and the sizes.",
        "warning": None,
        "tools": "",
        "tiles": [*_tiles(report)],
        "layer_headings": layer_headings(report),
        "share": "share" if report.macs or report.instructions else "",
        "layers": [
            {"cells": cells, "percent": round(100 * part / most)} for cells, part in zip(rows, work, strict=True)
        ],
        "total": total,
        "layers_note": _layers_note(report),
        "map_note": "Steps run from left to right, bytes of the arena from bottom to top. A box is a tensor or scratch "
        "memory for as long as its bytes are in use."
        if report.arena_bytes
        else "This model needs no arena.",
        "map": Markup(picture),
        "regions": [
            {
                "name": region.name,
                "short": short_name(region.name),
                "kind": region.kind,
                "nbytes": f"{region.nbytes:,}",
                "offset": f"{region.offset:,}",
                "first": step_name(report, region.first),
                "last": step_name(report, region.last),
            }
            for region in report.regions
        ]
        + [
            {
                "name": state.name,
                "short": short_name(state.name),
                "kind": "state",
                "nbytes": f"{state.nbytes:,}",
                "offset": f"{state.offset:,}",
                "first": "always",
                "last": "",
            }
            for state in report.states
        ],
        "sizes": size_rows(report),
        "ports": report.ports,
        "sha256": report.model_sha256,
    }


def layer_headings(report: Report) -> list[str]:
    """Headings of the layer table; the first four columns are text, the others are figures."""
    measured = ["instructions", "per MAC"] if report.instructions is not None else []
    return ["#", "operator", "kernel", "output", "MACs", *measured, "weights", "live"]


def layer_rows(report: Report) -> list[list[str]]:
    """Cells of every layer, of the code after the last layer if it was counted, and of their sums."""
    rows = [
        _cells(report, str(layer.operator), layer.kind, layer.kernel, layer.shape_text, f"{layer.macs:,}",
               _count(layer.instructions), _ratio(layer.instructions_per_mac), layer.weight_bytes, layer.live_bytes)
        for layer in report.layers
    ]  # fmt: skip
    if report.instructions_after:
        rows.append(_cells(report, "", "after the calls", "", "", "", _count(report.instructions_after)))
    peak = max((layer.live_bytes for layer in report.layers), default=0)
    constants = report.weight_bytes + report.table_bytes
    return [
        *rows,
        _cells(report, "", "all", "", "", f"{report.macs:,}", _count(report.instructions),
               _ratio(report.instructions_per_mac), constants, peak),
    ]  # fmt: skip


def _cells(
    report: Report, operator: str, kind: str, kernel: str, output: str, macs: str, instructions: str = "",
    ratio: str = "", weights: int | None = None, live: int | None = None,
) -> list[str]:  # fmt: skip
    measured = [instructions, ratio] if report.instructions is not None else []
    return [operator, kind, kernel, output, macs, *measured, _count(weights), _count(live)]


def size_rows(report: Report) -> list[SizeRow]:
    """The sizes in flash, then those in RAM."""
    rows = [
        SizeRow("weights and biases in the .tflite", _bytes(report.tflite_weight_bytes)),
        SizeRow("weights, biases and scales in C", _bytes(report.weight_bytes), _packing(report)),
        SizeRow("tables", _bytes(report.table_bytes)),
    ]
    if report.code is None:
        rows.append(SizeRow("code", "?", "not measured"))
    else:
        rows.append(SizeRow("code", _bytes(report.code_bytes or 0), "of the object files, before linking"))
        rows += [SizeRow(f"  {entry.file}", _bytes(entry.nbytes), part=True) for entry in report.code]
    return [
        *rows,
        SizeRow("arena", _bytes(report.arena_bytes), _arena_remark(report)),
        SizeRow("state", _bytes(report.state_bytes), "kept from one inference to the next" if report.states else ""),
    ]


def step_name(report: Report, step: int) -> str:
    """Step ``step`` in words."""
    if step >= len(report.layers):
        return "next inference"
    return f"{report.layers[step].operator} {report.layers[step].kind}"


def _packing(report: Report) -> str:
    more = report.weight_bytes / report.tflite_weight_bytes - 1 if report.tflite_weight_bytes else 0.0
    packed = report.optimize == "speed" and kernel_set(report.target, "speed")
    idle = f", without {report.idle_channels} channels that carry nothing" if report.idle_channels else ""
    return f"{more:+.0%}" + idle + (f", packed for {report.target} by --optimize speed" if packed else "")


def _arena_remark(report: Report) -> str:
    bound = (
        "its lower bound"
        if report.arena_bytes == report.lower_bound_bytes
        else f"lower bound {report.lower_bound_bytes:,} B"
    )
    if report.peak is None or not report.arena_bytes:
        return bound
    return f"{bound}; fullest in operator {report.layers[report.peak].operator}{_by_kind(report)}"


def _by_kind(report: Report) -> str:
    """What the arena holds at its peak, as ": input 490, tensor 16,000"; a tensor written in place shares bytes."""
    peak, sums = report.peak, dict[str, int]()
    for region in report.regions:
        if peak is not None and region.first <= peak <= region.last:
            sums[region.kind] = sums.get(region.kind, 0) + region.nbytes
    shared = ", in place" if sum(sums.values()) > report.arena_bytes else ""
    return ": " + ", ".join(f"{kind} {nbytes:,}" for kind, nbytes in sums.items()) + shared


def _tiles(report: Report) -> Iterable[Tile]:
    flash = report.weight_bytes + report.table_bytes + (report.code_bytes or 0)
    yield Tile(f"{report.macs:,}", "MACs per inference")
    if report.instructions is not None:
        yield Tile(f"{report.instructions:,}", "instructions per inference")
    if report.instructions_per_mac is not None:
        yield Tile(f"{report.instructions_per_mac:.2f}", "instructions per MAC")
    yield Tile(f"{flash:,} B", "flash" if report.code else "flash, without code")
    yield Tile(f"{report.arena_bytes:,} B", "RAM for the arena")
    yield Tile(f"{report.state_bytes:,} B", "RAM for state")


def _layers_note(report: Report) -> str:
    source = f" Measured with {report.note}." if report.instructions is not None else f" ({report.note})"
    return "Live is the part of the arena that is in use during the call." + (source if report.note else "")


def _work(layer: Layer) -> int:
    return layer.instructions if layer.instructions is not None else layer.macs


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _bytes(value: int) -> str:
    return f"{value:,} B"
