"""``wwtool export``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from wwtool.cli.common import ANY_PATH, FILE, complain_of_warnings, json_option, make, option
from wwtool.cli.terminal import print_json, say
from wwtool.jobs.export import FORMATS, ExportRequest, plan, run


@click.command()
@click.argument("sources", metavar="RUN_OR_BUILD_OR_TFLITE...", type=ANY_PATH, nargs=-1, required=True)
@option(ExportRequest, "format", type=click.Choice(FORMATS), metavar="FORMAT", default=FORMATS[0], show_default=True)
@option(ExportRequest, "out", "-o", "--out", type=ANY_PATH)
@option(ExportRequest, "platform", metavar="NAME")
@option(ExportRequest, "phrase")
@option(ExportRequest, "manifest", type=FILE)
@option(ExportRequest, "overwrite", is_flag=True)
@json_option
def export(as_json: bool, sources: tuple[Path, ...], **options: Any) -> None:
    """Write a finished model as a file, proved layer by layer, or as a project for a framework."""
    result = run(plan(make(ExportRequest, sources=sources, **options), complain_of_warnings), complain_of_warnings)
    if as_json:
        print_json("export", 1, result.as_dict())
        return
    say(f"{result.target}: {result.note}")
    for advice in result.advice:
        say(f"  {advice.label:<8} {advice.text}")
