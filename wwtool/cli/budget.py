"""``wwtool budget``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from wwtool.budget.dry_build import DryBuild, OverBudgetError, cycles_note, dry_build
from wwtool.cli.common import FILE, console, platform_option, print_json
from wwtool.config import load_config
from wwtool.errors import UsageError
from wwtool.models.zoo import ZOO
from wwtool.platforms import Platform, load_platform


@click.command()
@platform_option()
@click.option("--model", type=click.Choice(list(ZOO)), help="One zoo model; else all of them.")
@click.option("--config", "config_file", type=FILE, help="A config whose budget section sets stricter limits.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def budget(platform_name: str, model: str | None, config_file: Path | None, as_json: bool) -> None:
    """Measure a model's firmware against a platform's budget: a dry build with random weights."""
    platform = load_platform(platform_name)
    if not platform.has_board:
        raise UsageError(f"wwtool cannot build for {platform.name} yet; it has a profile but no board code")
    config = load_config(config_file)
    results = [
        dry_build(platform, name, config.phrase or "wake word", config.budget) for name in ([model] if model else ZOO)
    ]
    if as_json:
        print_json("budget", 1, {"platform": platform.name, "models": [r.as_dict() for r in results]})
    else:
        for result in results:
            print_budget(platform, result)
    if not any(result.fits for result in results):
        raise OverBudgetError(platform, results[-1], [])


def print_budget(platform: Platform, result: DryBuild) -> None:
    """The table of one model."""
    out = console()
    out.print(f"[bold]{result.model}[/bold] on {platform.title}: {result.macs:,} MACs every {result.stride * 10} ms")
    table = Table(box=None, pad_edge=False)
    for column in ("", "USED", "BUDGET", ""):
        table.add_column(column, justify="right" if column else "left")
    for line in result.lines:
        mark = "fits" if line.fits else "[bold red]over[/bold red]"
        table.add_row(line.name, f"{line.used:,} {line.unit}", f"{line.limit:,} {line.unit}", mark)
    if result.cycles is None:
        table.add_row("latency", "not measured", "", "no emulator")
    out.print(table)
    s = result.sizes
    out.print(
        f"flash: {s.code_flash:,} B code, {s.model_flash:,} B model; "
        f"RAM: {s.model_ram:,} B model, {s.other_ram:,} B audio, front end and console"
    )
    if result.cycles is not None:
        out.print(cycles_note(platform), style="dim")
    out.print()
