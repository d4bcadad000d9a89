"""``wwtool hil``."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from wwtool import events
from wwtool.base.files import write_text
from wwtool.cli.common import FILE, FOLDER, PORT, make, option
from wwtool.cli.terminal import BAD, GOOD, Terminal, console, line, styled
from wwtool.jobs.hil import DEFAULT_SUITES, DeviceInfo, HilRequest, SuiteResult, plan, run

_RATE = click.IntRange(1200, 12_000_000)


@click.command()
@option(HilRequest, "port", type=PORT, required=True, metavar="URL")
@option(HilRequest, "build", type=FOLDER)
@option(HilRequest, "platform", metavar="FILE")
@option(HilRequest, "suites", "--suite", default=",".join(DEFAULT_SUITES), show_default=True)
@option(HilRequest, "wav", type=FILE)
@option(HilRequest, "baud", type=_RATE, default=115200, show_default=True)
@option(HilRequest, "fast_baud", type=_RATE)
@option(HilRequest, "soak_seconds", type=click.FloatRange(1.0), default=600.0, show_default=True)
@click.option("--json", "json_file", type=FILE, help="Write the results as JSON.")
@click.option("--junit", "junit_file", type=FILE, help="Write the results as JUnit XML.")
def hil(suites: str, json_file: Path | None, junit_file: Path | None, **options: Any) -> None:
    """Test the firmware where it runs: parity, streaming audio, latency, memory, soak."""
    names = tuple(name.strip() for name in suites.split(",") if name.strip())
    work = plan(make(HilRequest, suites=names, **options))
    with _Display(console()) as show:
        result = run(work, show)
    if json_file is not None:
        write_text(json_file, result.json())
    if junit_file is not None:
        write_text(junit_file, result.junit())
    if result.failure is not None:
        raise result.failure


class _Display(ExitStack):
    """A listener: the board, then a line for each suite, with a spinner while one runs."""

    def __init__(self, out: Terminal) -> None:
        super().__init__()
        self._out = out

    def __call__(self, event: events.Event) -> None:
        if isinstance(event, events.StageStarted):
            self.enter_context(self._out.status(line(f"{event.stage} ...")))
        elif isinstance(event, events.PartialResult) and isinstance(event.value, SuiteResult):
            self.close()  # the spinner
            _print_suite(self._out, event.value)
        elif isinstance(event, events.PartialResult) and isinstance(event.value, DeviceInfo):
            info = event.value
            self._out.print(f"{info.board}: “{info.phrase}”, wwtool {info.version}, model {info.sha256[:12]}")


def _print_suite(out: Terminal, result: SuiteResult) -> None:
    mark = styled(*(GOOD if result.passed else BAD))
    metrics = ", ".join(f"{key} {value:,.6g}" for key, value in result.metrics.items())
    out.print(line("  ", mark, " ", styled(f"{result.suite:<8}", "cyan"), f" {metrics}"))
    for case in result.cases:
        if not case.checked:
            out.print(line("      ", styled(case.name, "yellow"), f": not checked, {case.message}"))
        elif not case.passed:
            out.print(line("      ", styled(case.name, "red"), f": {case.message}"))
