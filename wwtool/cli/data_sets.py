"""``wwtool data list`` and ``wwtool data get``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from wwtool.cli.common import FILE, download_size, json_option, listening, log_option, make, option
from wwtool.cli.progress import TerminalProgress
from wwtool.cli.terminal import BAD, GOOD, Table, complain, console, print_json, say, styled
from wwtool.jobs.data_sets import DataSetsPlan, DataSetsRequest, listing, plan, run


@click.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the data sets that can be got as features to train against."""
    output = listing()
    if as_json:
        print_json("data_sets", 1, output.as_dict())
        return
    table = Table(box=None, pad_edge=False)
    for column in ("", "DATA SET", "WHAT", "HOURS", "SIZE", "LICENCE"):
        table.add_column(column, justify="right" if column in ("HOURS", "SIZE") else "left", overflow="fold")
    for row in output.data_sets:
        mark = BAD if row.problem else GOOD if row.folder else ("", "")
        size = "by hand" if row.by_hand else download_size(row.bytes) if row.bytes else ""
        hours = f"{row.hours:,.0f}" if row.hours else ""
        table.add_row(styled(*mark), row.name, row.title, hours, size, row.licence)
    console().print(table)
    for row in output.data_sets:
        if row.problem:
            complain(f"warning: {row.problem}")


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@option(DataSetsRequest, "mirror", metavar="URL")
@option(DataSetsRequest, "file", type=FILE)
@option(DataSetsRequest, "again", is_flag=True)
@log_option
@json_option
def get(as_json: bool, log: Path | None, **options: Any) -> None:
    """Get data sets of the catalogue as features. Their licences are told first."""
    plan_ = plan(make(DataSetsRequest, **options))
    _tell_licences(plan_, complain if as_json else say)
    if as_json:
        with listening(log, lambda event: None) as listener:
            print_json("data_sets", 1, run(plan_, listener).as_dict())
        return
    with TerminalProgress(console()) as progress, listening(log, progress) as listener:
        output = run(plan_, listener)
    for wanted, row in zip(plan_.wanted, output.data_sets, strict=True):
        if wanted.is_there:
            say(f"{wanted.name} is already in {row.folder}")
        if wanted.entry.use != "rooms":
            say(f"train against it with: wwtool build --features {wanted.name}")


def _tell_licences(plan_: DataSetsPlan, tell: Any) -> None:
    for wanted in plan_.wanted:
        if not wanted.is_there:
            size = download_size(wanted.bytes) if wanted.bytes else "of unknown size"
            tell(f"{wanted.name}: {wanted.entry.title}, {'from your file' if plan_.file else size}")
            tell(f"  licence: {wanted.entry.licence} ({wanted.entry.home})")
            if wanted.entry.note:
                tell(f"  note: {wanted.entry.note}")
