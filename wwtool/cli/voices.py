"""``wwtool voices``: list, get, add, remove."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from wwtool.cli.common import ANY_PATH, download_size, json_option, listening, log_option, make, option
from wwtool.cli.progress import TerminalProgress
from wwtool.cli.terminal import BAD, GOOD, Table, complain, console, print_json, say, styled
from wwtool.jobs.voices import (
    AddVoiceRequest,
    VoiceRow,
    VoicesOutput,
    VoicesPlan,
    VoicesRequest,
    add,
    listing,
    plan,
    plan_add,
    remove,
    run,
)


@click.group()
def voices() -> None:
    """List, get, add and remove voices that speak the wake word in training."""


@voices.command("list")
@click.option("--language", metavar="TAG", help="Only voices that speak this language, such as de or en-gb.")
@json_option
def list_(language: str | None, as_json: bool) -> None:
    """List installed voices and those of the catalogue."""
    output = listing(language)
    if as_json:
        print_json("voices", 1, output.as_dict())
        return
    table = Table(box=None, pad_edge=False)
    for column in ("", "VOICE", "LANGUAGES", "SPEAKERS", "SIZE", "LICENCE"):
        table.add_column(column, justify="right" if column in ("SPEAKERS", "SIZE") else "left", overflow="fold")
    for row in output.voices:
        mark = BAD if row.problem else GOOD if row.installed else ("", "")
        size = download_size(row.bytes) if row.bytes else ""
        table.add_row(styled(*mark), row.name, " ".join(row.languages), str(row.speakers), size, row.licence)
    console().print(table)
    _print_problems(output)


@voices.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@option(VoicesRequest, "mirror", metavar="URL")
@option(VoicesRequest, "offer", "--from", metavar="PLACE")
@option(VoicesRequest, "again", is_flag=True)
@log_option
@json_option
def get(as_json: bool, log: Path | None, **options: Any) -> None:
    """Get voices of the catalogue. Their licences are told first."""
    plan_ = plan(make(VoicesRequest, **options))
    _tell_licences(plan_, complain if as_json else say)
    if as_json:
        with listening(log, lambda event: None) as listener:
            print_json("voices", 1, run(plan_, listener).as_dict())
        return
    with TerminalProgress(console()) as progress, listening(log, progress) as listener:
        output = run(plan_, listener)
    for voice in plan_.wanted:
        if voice.is_there:
            say(f"{voice.name} is already there")
    _print_problems(output)


@voices.command("add")
@click.argument("path", type=ANY_PATH)
@option(AddVoiceRequest, "name")
@option(AddVoiceRequest, "languages", "--language", multiple=True, metavar="TAG")
@option(AddVoiceRequest, "licence", default="not stated", show_default=True)
@option(AddVoiceRequest, "link", is_flag=True)
@json_option
def add_(as_json: bool, **options: Any) -> None:
    """Add a voice of your own from PATH: a Piper .onnx with its .json, a Kokoro folder, or a folder of clips."""
    output = add(plan_add(make(AddVoiceRequest, **options)))
    if as_json:
        print_json("voices", 1, output.as_dict())
        return
    (row,) = output.voices
    say(f"added {row.name}: {row.title}, {_speakers(row)}, {' '.join(row.languages)}; licence {row.licence}")


@voices.command("remove")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def remove_(names: tuple[str, ...]) -> None:
    """Remove installed voices."""
    remove(names)
    say(f"removed {', '.join(names)}")


def _tell_licences(plan_: VoicesPlan, tell: Any) -> None:
    for voice in plan_.wanted:
        if not voice.is_there:
            size = download_size(voice.bytes) if voice.bytes else "of unknown size"
            tell(f"{voice.name}: {voice.entry.title}, {size}, from {voice.offers[0]}")
            tell(f"  licence: {voice.entry.licence} ({voice.entry.home})")
            if voice.entry.note:
                tell(f"  note: {voice.entry.note}")


def _print_problems(output: VoicesOutput) -> None:
    for row in output.voices:
        if row.problem:
            complain(f"warning: {row.problem}")


def _speakers(row: VoiceRow) -> str:
    return "one speaker" if row.speakers == 1 else f"{row.speakers:,} speakers"
