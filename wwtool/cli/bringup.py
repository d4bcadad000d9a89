"""``wwtool bringup``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from wwtool import events
from wwtool.base.files import write_text
from wwtool.cli.common import FILE, FOLDER, PORT, make, option
from wwtool.cli.terminal import BAD, GOOD, Terminal, console, line, styled
from wwtool.jobs.bringup import BringupRequest, StepResult, plan, run


@click.command()
@option(BringupRequest, "platform", required=True, metavar="NAME")
@option(BringupRequest, "port", type=PORT, required=True, metavar="URL")
@option(BringupRequest, "build", type=FOLDER)
@click.option("--json", "json_file", type=FILE, help="Write the report as JSON, to attach to an issue.")
def bringup(json_file: Path | None, **options: Any) -> None:
    """Meet a new board: go step by step, and say what each step shows and what to look at when it fails."""
    out = console()

    def show(event: events.Event) -> None:
        if isinstance(event, events.PartialResult) and isinstance(event.value, StepResult):
            _print_step(out, event.value)

    report = run(plan(make(BringupRequest, **options)), show)
    out.print(line(styled(report.silicon, "dim")))
    if json_file is not None:
        write_text(json_file, report.json())
    if report.failure is not None:
        raise report.failure


def _print_step(out: Terminal, result: StepResult) -> None:
    marks = {"passed": styled(*GOOD), "failed": styled(*BAD), "skipped": styled("-", "dim")}
    out.print(line("  ", marks[result.status], " ", styled(f"{result.name:<10}", "cyan"), f" {result.shows}"))
    out.print(line(f"      {result.found}"))
    if result.status == "failed":
        out.print(line(styled(f"      look at: {result.look}", "yellow")))
