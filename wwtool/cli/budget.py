"""``wwtool budget``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.text import Text

from wwtool.budget.dry_build import OverBudgetError, cycles_note, dry_build, what_would_fit
from wwtool.budget.result import DryBuild, Line, available, estimate_mark, framework_names, reserve_of
from wwtool.budget.space import Row, rows
from wwtool.cli.common import FILE, platform_option
from wwtool.cli.terminal import Table, console, line, print_json, styled
from wwtool.config import load_config
from wwtool.errors import UsageError
from wwtool.models.zoo import ZOO
from wwtool.packages import DEFAULT
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform

_COLUMNS = ("MODEL", "MACS", "FLASH B", "RAM B", "STACK B", "LATENCY ms", "DUTY %", "mW", "mJ A HOP", "")


@click.command()
@platform_option()
@click.option("--model", type=click.Choice(list(ZOO)), help="One zoo model; else all of them.")
@click.option("--framework", metavar="NAME", default=DEFAULT, show_default=True,
              help="The framework that shares flash and RAM with the firmware.")  # fmt: skip
@click.option("--config", "config_file", type=FILE, help="A config whose budget section sets stricter limits.")
@click.option("--no-cache", is_flag=True, help="Measure again what has been measured before.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def budget(
    platform_name: str, model: str | None, framework: str, config_file: Path | None, no_cache: bool, as_json: bool
) -> None:
    """Measure a model's firmware against a platform's budget: a dry build with random weights.

    Without the compiler or the emulator, figures are estimated, and marked so.
    """
    platform = load_platform(platform_name)
    if not platform.has_board:
        raise UsageError(f"wwtool cannot build for {platform.name} yet; it has a profile but no board code")
    config = load_config(config_file)
    platform = platform.with_board(config.board)
    phrase = config.phrase or "wake word"
    reserve_of(platform, framework)
    results = [
        dry_build(platform, name, phrase, config.budget, framework, not no_cache)
        for name in ([model] if model else ZOO)
    ]
    over = min((result for result in results if not result.fits), key=lambda result: result.macs, default=None)
    remedy = None
    if over is not None and not any(result.fits for result in results):
        remedy = what_would_fit(platform, over, phrase, config.budget, not no_cache)
    if as_json:
        print_json("budget", 2, {**_summary(platform, framework, results), "remedy": remedy})
    elif model:
        print_budget(platform, results[0])
    else:
        _print_all(platform, results, over)
    if over is not None and remedy is not None:
        raise OverBudgetError(platform, over, remedy)


def _summary(platform: Platform, framework: str, results: list[DryBuild]) -> dict[str, object]:
    reserve = reserve_of(platform, framework)
    flash, ram = available(platform, reserve)
    return {
        "platform": platform.name,
        "framework": framework,
        "frameworks": framework_names(platform),
        "framework_reserve": reserve.model_dump() if reserve else None,
        "available": {"flash": flash, "ram": ram},
        "models": [result.as_dict() for result in results],
    }


def _print_all(platform: Platform, results: list[DryBuild], over: DryBuild | None) -> None:
    """All candidates in one table, and what takes the space of the first that does not fit."""
    out = console()
    first = results[0]
    reserve = reserve_of(platform, first.framework)
    under = "" if reserve is None else f" under {first.framework}"
    hops = " or ".join(sorted({f"{result.hop_ms:g}" for result in results}))
    out.print(line(styled(platform.title, "bold"), f"{under}: an inference every {hops} ms"))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in _COLUMNS:
        table.add_column(column, justify="left" if column in ("MODEL", "") else "right")
    for result in results:
        table.add_row(*_cells(result))
    table.add_row(*_budget_cells(first), style="dim")
    if reserve is not None:
        taken = (reserve.flash_bytes, reserve.ram_bytes)
        table.add_row(first.framework, "", *(f"{figure.value:,.0f}" for figure in taken), style="dim")
    out.print(table)
    if over is not None:
        out.print()
        out.print(line(styled(over.model, "bold"), f" does not fit: {over.excess}"))
        _print_space(platform, over)
    _print_notes(platform, first)


def _cells(result: DryBuild) -> list[str | Text]:
    cells: list[str | Text] = [result.model, f"{result.macs:,}"]
    for name, form in (
        ("flash", ",.0f"),
        ("RAM", ",.0f"),
        ("stack", ",.0f"),
        ("latency", ".2f"),
        ("duty cycle", ".1f"),
    ):
        found = result.line(name)
        text = "-" if found is None else f"{estimate_mark(name, result.estimated)}{found.used:{form}}"
        cells.append(text if found is None or found.fits else styled(text, "bold red"))
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


def print_budget(platform: Platform, result: DryBuild) -> None:
    """One model: its limits, and what takes the space."""
    out = console()
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
    out.print()
    _print_space(platform, result)
    _print_notes(platform, result)
    out.print()


def _print_space(platform: Platform, result: DryBuild) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("WHAT TAKES THE SPACE", "FLASH B", "RAM B"):
        table.add_column(column, justify="left" if column.startswith("WHAT") else "right")
    for row in rows(platform, result):
        table.add_row(*_space_cells(row, result), style="bold" if row.total else "")
    console().print(table)


def _space_cells(row: Row, result: DryBuild) -> list[str]:
    mark = estimate_mark("flash", result.estimated) if row.measured else ""
    return [row.name, *("" if value is None else f"{mark}{value:,}" for value in (row.flash, row.ram))]


def _print_notes(platform: Platform, result: DryBuild) -> None:
    notes = []
    if result.estimated:
        missing = "; see wwtool doctor" if result.linked else ""
        notes.append(f"~ {', '.join(result.estimated)}: estimated by the analytic model{missing}")
    if not result.linked:
        notes.append("the chip cannot hold it: sizes are those of an image for larger memories, which was not run")
    if result.cycles is not None and "cycles" not in result.estimated:
        notes.append(cycles_note(platform))
    reserve = reserve_of(platform, result.framework)
    if reserve is not None:
        for what, figure in (("flash", reserve.flash_bytes), ("RAM", reserve.ram_bytes)):
            notes.append(f"{result.framework} {what}: {figure.value:,.0f} B ({figure.kind}: {figure.source})")
        read = ", but code and constants read from flash" if reserve.runs_from_flash else ""
        notes.append(f"beside {result.framework} stands the firmware as for bare metal, its drivers included{read}")
    if result.energy is not None:
        notes += result.energy.assumptions
    for note in notes:
        console().print(note, style="dim")
