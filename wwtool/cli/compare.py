"""``wwtool compare``."""

from __future__ import annotations

from pathlib import Path

import click

from wwtool.base.records import json_of
from wwtool.cli.common import ANY_PATH, complain_of_warnings, json_option, make
from wwtool.cli.comparison_table import print_comparison
from wwtool.cli.terminal import print_json
from wwtool.jobs.compare import CompareRequest, plan, run


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
    print_comparison(result)
