"""``wwtool models``: list, add, show, compare, rollback."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from wwtool.base.records import json_of
from wwtool.base.text import printable
from wwtool.cli.common import ANY_PATH, FOLDER, complain_of_warnings, json_option, make, option
from wwtool.cli.comparison_table import print_comparison
from wwtool.cli.terminal import Table, console, print_json, say
from wwtool.jobs import compare as comparing
from wwtool.jobs.compare import CompareRequest
from wwtool.jobs.models import Bump, ModelsOutput, ModelsRequest, plan, run

_store = option(ModelsRequest, "store", type=FOLDER, default=Path("wwtool-models"), show_default=True)


@click.group()
def models() -> None:
    """Keep finished models as versions in a folder: add one, see all, go back to one."""


def _do(as_json: bool, **options: Any) -> None:
    result = run(plan(make(ModelsRequest, **options)), complain_of_warnings)
    if as_json:
        print_json("models", 1, json_of(result))
        return
    _print(result)


@models.command("list")
@_store
@json_option
def list_(store: Path, as_json: bool) -> None:
    """List all models and their versions; * marks the one in use."""
    _do(as_json, action="list", store=store)


@models.command()
@click.argument("name")
@click.argument("source", metavar="RUN_OR_TFLITE", type=ANY_PATH)
@option(ModelsRequest, "bump", type=click.Choice(get_args(Bump)), default="minor", show_default=True)
@_store
@json_option
def add(name: str, source: Path, bump: str, store: Path, as_json: bool) -> None:
    """Take a model as the next version of NAME, which is then the one in use."""
    _do(as_json, action="add", name=name, source=source, bump=bump, store=store)


@models.command()
@click.argument("name")
@click.argument("version", required=False)
@_store
@json_option
def show(name: str, version: str | None, store: Path, as_json: bool) -> None:
    """Show the versions of NAME, or one of them."""
    _do(as_json, action="show", name=name, version=version, store=store)


@models.command()
@click.argument("name")
@click.argument("versions", metavar="VERSION VERSION [VERSION ...]", nargs=-1, required=True)
@_store
@json_option
def compare(name: str, versions: tuple[str, ...], store: Path, as_json: bool) -> None:
    """Compare versions of NAME with the first, as wwtool compare does."""
    run(plan(make(ModelsRequest, action="show", name=name, store=store)))
    runs = tuple(store / name / version for version in versions)
    result = comparing.run(comparing.plan(make(CompareRequest, runs=runs)), complain_of_warnings)
    if as_json:
        print_json("comparison", 1, json_of(result))
        return
    print_comparison(result)


@models.command()
@click.argument("name")
@click.argument("version", required=False)
@_store
@json_option
def rollback(name: str, version: str | None, store: Path, as_json: bool) -> None:
    """Go back to VERSION of NAME, or to the one that was in use before."""
    _do(as_json, action="rollback", name=name, version=version, store=store)


def _print(result: ModelsOutput) -> None:
    if not result.models:
        say(f"{printable(result.store)} has no models; wwtool models add NAME RUN takes one")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("", "MODEL", "VERSION", "THRESHOLD", "RECALL", "PER HOUR", "SHA-256"):
        table.add_column(column, justify="right" if column in ("THRESHOLD", "PER HOUR") else "left")
    for m in result.models:
        recall = ", ".join(f"{value:.1%} {name}" for name, value in m.recall.items())
        threshold, rate = str(m.threshold or ""), "" if m.per_hour is None else f"{m.per_hour:.2f}"
        table.add_row("*" if m.current else "", m.name, m.version, threshold, recall, rate, m.sha256[:12])
    console().print(table)
