"""Budgets as tables: what a model uses, what it may use, and what takes the space."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from rich.text import Text

from wwtool.budget.dry_build import OverBudgetError, cycles_note, weights_note
from wwtool.budget.energy import EnergyUse
from wwtool.budget.result import DryBuild, Line, estimate_mark, reserve_of
from wwtool.budget.selection import NothingFitsError
from wwtool.budget.space import Row, rows
from wwtool.cli.terminal import Table, Terminal, line, styled
from wwtool.platforms.profile import Platform

_COLUMNS = ("MODEL", "MACS", "FLASH B", "RAM B", "STACK B", "LATENCY ms", "DUTY %", "mW", "mJ A HOP", "")
_FOLDED = ("LATENCY ms", "DUTY %", "mJ A HOP")  # whose heads are wider than their figures


@contextmanager
def refusal_shown(out: Terminal, platform: Platform) -> Iterator[None]:
    """Shows the budget of a model that is refused."""
    try:
        yield
    except (OverBudgetError, NothingFitsError) as error:
        print_budget(out, platform, error.result)
        raise


def print_budgets(out: Terminal, platform: Platform, results: Sequence[DryBuild], over: DryBuild | None) -> None:
    """All candidates in one table, and what takes the space of the first that does not fit."""
    first = results[0]
    reserve = reserve_of(platform, first.framework)
    under = "" if reserve is None else f" under {first.framework}"
    hops = " or ".join(sorted({f"{result.hop_ms:g}" for result in results}))
    out.print(line(styled(platform.title, "bold"), f"{under}: an inference every {hops} ms"))
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for column in _COLUMNS:
        side: Literal["left", "right"] = "left" if column in ("MODEL", "") else "right"
        table.add_column(column, justify=side, no_wrap=column not in _FOLDED)
    for result in results:
        table.add_row(*_cells(result))
    table.add_row(*_budget_cells(first), style="dim")
    if reserve is not None:
        figures = (reserve.flash_bytes, reserve.ram_bytes)
        table.add_row(first.framework, "", *(f"{figure.value:,.0f}" for figure in figures), style="dim")
    out.print(table)
    if over is not None:
        out.print()
        out.print(line(styled(over.model, "bold"), f" does not fit: {over.excess}"))
        _print_space(out, platform, over)
    _print_notes(out, platform, first)


def _cells(result: DryBuild) -> list[str | Text]:
    cells: list[str | Text] = [result.model, f"{result.macs:,}"]
    for name, form in (
        ("flash", ",.0f"),
        ("RAM", ",.0f"),
        ("stack", ",.0f"),
        ("latency", ".2f"),
        ("duty cycle", ".1f"),
    ):
        limit = result.line(name)
        text = "-" if limit is None else f"{estimate_mark(name, result.estimated)}{limit.used:{form}}"
        cells.append(text if limit is None or limit.fits else styled(text, "bold red"))
    energy = result.energy
    cells += ["-", "-"] if energy is None else [f"~{energy.mean_mw:.1f}", f"~{energy.mj_per_hop:.2f}"]
    return [*cells, _verdict(result.fits)]


def _verdict(fits: bool) -> str | Text:
    return "fits" if fits else styled("over", "bold red")


def _budget_cells(result: DryBuild) -> list[str]:
    limits = [result.line(name) for name in ("flash", "RAM", "stack", "latency", "duty cycle")]
    return ["budget", "", *("" if limit is None else _limit(limit) for limit in limits), "", "", ""]


def _limit(limit: Line) -> str:
    return f"{limit.limit:,.0f}" if limit.unit == "B" else f"{limit.limit:g}"


def print_budget(out: Terminal, platform: Platform, result: DryBuild) -> None:
    """One model: its limits, and what takes the space."""
    about = f" on {platform.title}: {result.macs:,} MACs every {result.hop_ms:g} ms, {result.framework}"
    out.print(line(styled(result.model, "bold"), about))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("", "USED", "BUDGET", ""):
        table.add_column(column, justify="right" if column else "left")
    for entry in result.lines:
        used = f"{estimate_mark(entry.name, result.estimated)}{entry.used:,} {entry.unit}"
        table.add_row(entry.name, used, f"{entry.limit:,} {entry.unit}", _verdict(entry.fits))
    if result.cycles is None:
        table.add_row("latency", "not measured", "", "no emulator")
    if result.energy is not None:
        mean = f"~{result.energy.mean_mw:.1f} mW mean"
        table.add_row("energy", f"~{result.energy.mj_per_hop:.2f} mJ a hop", mean, "")
    out.print(table)
    if result.energy is not None:
        _print_patterns(out, result.energy)
    out.print()
    _print_space(out, platform, result)
    if weights := weights_note(platform, result):
        out.print(weights, style="dim")
    _print_notes(out, platform, result)
    out.print()


def _print_patterns(out: Terminal, energy: EnergyUse) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("POWER WITH SILENCE GATE", "OPEN %", "DUTY %", "mW"):
        table.add_column(column, justify="left" if column.startswith("POWER") else "right")
    for p in energy.patterns:
        table.add_row(p.name, f"{p.open_percent:g}", f"~{p.duty_percent:.1f}", f"~{p.gated_mean_mw:.1f}")
    out.print()
    out.print(table)


def _print_space(out: Terminal, platform: Platform, result: DryBuild) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("WHAT TAKES THE SPACE", "FLASH B", "RAM B"):
        table.add_column(column, justify="left" if column.startswith("WHAT") else "right")
    for row in rows(platform, result):
        table.add_row(*_space_cells(row, result), style="bold" if row.total else "")
    out.print(table)


def _space_cells(row: Row, result: DryBuild) -> list[str]:
    mark = estimate_mark("flash", result.estimated) if row.measured else ""
    return [row.name, *("" if value is None else f"{mark}{value:,}" for value in (row.flash, row.ram))]


def _print_notes(out: Terminal, platform: Platform, result: DryBuild) -> None:
    notes = []
    if result.estimated:
        missing = "; see wwtool doctor" if result.linked else ""
        notes.append(f"~ {', '.join(result.estimated)}: estimated by the analytic model{missing}")
    if not result.linked:
        notes.append("the chip cannot hold the firmware: sizes are of an image for larger memories, which was not run")
    if result.cycles is not None and "cycles" not in result.estimated:
        notes.append(cycles_note(platform))
    reserve = reserve_of(platform, result.framework)
    if reserve is not None:
        for what, figure in (("flash", reserve.flash_bytes), ("RAM", reserve.ram_bytes)):
            notes.append(f"{result.framework} {what}: {figure.value:,.0f} B ({figure.kind}: {figure.source})")
        reading = ", except that it reads code and constants from flash" if reserve.runs_from_flash else ""
        notes.append(
            f"the firmware is counted as for bare metal, with its drivers{reading}; {result.framework} comes on top"
        )
    if result.energy is not None:
        notes += result.energy.assumptions
    for note in notes:
        out.print(note, style="dim")
