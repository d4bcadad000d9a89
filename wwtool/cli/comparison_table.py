"""A comparison of runs on a terminal."""

from __future__ import annotations

from wwtool.cli.terminal import Table, console
from wwtool.jobs.compare import ComparisonOutput

_CERTAIN = 0.05


def print_comparison(result: ComparisonOutput) -> None:
    """The runs, and what they differ in."""
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
