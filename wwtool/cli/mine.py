"""``wwtool data mine``."""

from __future__ import annotations

from typing import Any

import click

from wwtool.base.records import json_of
from wwtool.base.text import counted, printable
from wwtool.cli.common import ANY_PATH, FOLDER, complain_of_warnings, json_option, make, option
from wwtool.cli.terminal import Table, console, print_json, say
from wwtool.jobs.mine import MineRequest, plan, run

_SHOWN = 20


@click.command()
@click.argument("subject", metavar="RUN_OR_TFLITE", type=ANY_PATH)
@click.argument("audio", metavar="DIR", type=FOLDER)
@option(MineRequest, "out", type=FOLDER, required=True)
@option(MineRequest, "most", type=click.IntRange(1, 100_000), default=200, show_default=True)
@option(MineRequest, "least", type=click.FloatRange(0.0, 1.0), default=0.1, show_default=True)
@json_option
def mine(as_json: bool, **options: Any) -> None:
    """Cut out of hours of audio what a model takes for the phrase, as clips to train against.

    Nobody may say the phrase in it. The clips go to the folder hard_negative of a data folder, which --data takes.
    """
    result = run(plan(make(MineRequest, **options), complain_of_warnings), complain_of_warnings)
    if as_json:
        print_json("mine", 1, json_of(result))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("SCORE", "AT", "IN"):
        table.add_column(column, justify="left" if column == "IN" else "right", overflow="fold")
    for clip in result.clips[:_SHOWN]:
        table.add_row(f"{clip.score:.3f}", f"{clip.seconds:.1f} s", clip.source)
    if result.clips:
        console().print(table)
    clips, folder = counted(len(result.clips), "clip"), printable(str(options["out"]))
    say(f"{clips} of {result.hours:.2f} hours in {folder}/hard_negative")
