"""Which parts of a firmware take how much space, as rows of a table."""

from __future__ import annotations

from dataclasses import dataclass

from wwtool.budget.result import DryBuild, estimate_mark, reserve_of
from wwtool.firmware.link_map import MODEL_MEMORY
from wwtool.platforms.profile import Platform


@dataclass(frozen=True)
class Row:
    """Bytes; None where a part takes none of a memory.

    ``total``: a sum, or the limit it is held against. ``measured``: on the firmware, or estimated in its place.
    """

    name: str
    flash: int | None
    ram: int | None
    total: bool = False
    measured: bool = True


def rows(platform: Platform, result: DryBuild) -> list[Row]:
    """Every part of the firmware, the sums and the limits; then stack and framework, which are not in the sums."""
    reserve = reserve_of(platform, result.framework)
    resident = reserve is None or not reserve.runs_from_flash
    table = []
    for part in result.sizes.parts:
        ram = part.ram if resident else part.ram - part.resident
        if part.name != MODEL_MEMORY:
            table.append(Row(part.name, part.flash or None, ram or None))
            continue
        state = min(result.state_bytes, ram)
        table += [Row("arena", part.flash or None, ram - state), Row("state", None, state)]
    flash, memory = result.line("flash"), result.line("RAM")
    assert flash is not None and memory is not None
    table.append(Row("together", int(flash.used), int(memory.used), total=True))
    table.append(Row("budget", int(flash.limit), int(memory.limit), total=True, measured=False))
    if result.sizes.stack_reserved:
        table.append(Row(_stack_name(result), None, result.sizes.stack_reserved, measured=False))
    if reserve is not None:
        share = int(reserve.flash_bytes.value), int(reserve.ram_bytes.value)
        table.append(Row(f"{result.framework}, beside", *share, measured=False))
    return table


def _stack_name(result: DryBuild) -> str:
    mark = estimate_mark("stack", result.estimated)
    deepest = "" if result.stack_bytes is None else f"; deepest {mark}{result.stack_bytes:,} B"
    return f"stack, beside{deepest}"
