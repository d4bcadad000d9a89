"""``wwtool compare``."""

from __future__ import annotations

from pathlib import Path

import click

from wwtool.base.records import json_of
from wwtool.cli.common import ANY_PATH, complain_of_warnings, json_option, make
from wwtool.cli.terminal import Table, console, print_json
from wwtool.jobs.compare import CompareRequest, ComparisonOutput, plan, run

_CERTAIN = 0.05


@click.command()
@click.argument("runs", metavar="RUN RUN [RUN ...]", type=ANY_PATH, nargs=-1, required=True)
@json_option
def compare(runs: tuple[Path, ...], as_json: bool) -> None:
    """Compare finished runs, builds or files evaluation.json: each with the first, clip by clip.

    A difference with p below 0.05 is more than chance would make between equals in 95 of 100 comparisons.
    """
    result = run(plan(make(CompareRequest, runs=runs)), complain_of_warnings)
    if as_json:
        print_json("comparison", 1, json_of(result))
        return
    _print(result)


def _print(result: ComparisonOutput) -> None:
    out = console()
    table = Table(box=None, pad_edge=False)
    conditions = list(dict.fromkeys(name for figures in result.runs for name in figures.recall))
    for column in ("RUN", *(f"RECALL {name.upper()}" for name in conditions), "FALSE ALARMS", "PER HOUR", "THRESHOLD"):
        table.add_column(column, justify="left" if column == "RUN" else "right")
    for f in result.runs:
        recalls = [f"{f.recall[name]:.1%}" if name in f.recall else "" for name in conditions]
        table.add_row(f.name, *recalls, str(f.false_alarms), f"{f.per_hour:.2f}", str(f.threshold))
    out.print(table)
    out.print()
    table = Table(box=None, pad_edge=False)
    for column in ("AGAINST THE FIRST", "FIGURE", "DIFFERENCE", "95 % INTERVAL", "P", ""):
        table.add_column(column, justify="left" if column in ("AGAINST THE FIRST", "FIGURE", "") else "right")
    for d in result.differences:
        form = "{:+.1%}" if d.paired else "{:+.2f}"
        interval = " to ".join(form.format(end) for end in d.interval)
        verdict = "more than chance" if d.p < _CERTAIN else "may be chance"
        table.add_row(d.run, d.figure, form.format(d.value), interval, f"{d.p:.4f}", verdict)
    out.print(table)
