"""``wwtool config``: explain, diff, migrate, presets, schema."""

from __future__ import annotations

from pathlib import Path

import click

from wwtool.base.text import printable
from wwtool.cli.common import CONFIG, FILE, complain_of_warnings
from wwtool.cli.terminal import Table, console, say
from wwtool.jobs import configuration

_BOUNDS = {
    "minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most", "exclusiveMaximum": "less than",
}  # fmt: skip


@click.group()
def config() -> None:
    """Explain, compare, update and check configs; list the presets."""


@config.command()
@click.argument("key")
def explain(key: str) -> None:
    """Say what KEY does, its bounds, its choices and its default; of a section, all keys."""
    for number, found in enumerate(configuration.explain(key)):
        if number:
            say("")
        say(f"{found.path}: {printable(str(found.default))}")
        say(f"  {found.description}")
        bounds = ", ".join(f"{words} {found.schema[name]:g}" for name, words in _BOUNDS.items() if name in found.schema)
        if bounds:
            say(f"  {bounds}")
        if found.choices:
            say(f"  one of {', '.join(found.choices)}")


@config.command()
@click.argument("first", type=CONFIG)
@click.argument("second", type=CONFIG, required=False)
def diff(first: Path, second: Path | None) -> None:
    """Show the keys in which two configs or presets differ; with one, in which it differs from the defaults."""
    one, other = (None, first) if second is None else (first, second)
    table = Table(box=None, pad_edge=False)
    for column in ("KEY", "DEFAULT" if second is None else "FIRST", "GIVEN" if second is None else "SECOND"):
        table.add_column(column)
    changes = configuration.differences(one, other, complain_of_warnings)
    for change in changes:
        table.add_row(change.path, printable(str(change.first)), printable(str(change.second)))
    if changes:
        console().print(table)
    else:
        say("they are the same")


@config.command()
@click.argument("file", type=FILE)
@click.option("--out", type=FILE, help="Write it there instead of printing it.")
def migrate(file: Path, out: Path | None) -> None:
    """Print a config of an earlier version with the keys of this one. Comments are lost."""
    text = configuration.migrated(file, out, complain_of_warnings)
    if out is None:
        say(text.rstrip("\n"))


@config.command()
def presets() -> None:
    """List the presets: configs that --config takes by name."""
    table = Table(box=None, pad_edge=False)
    for column in ("PRESET", "FOR"):
        table.add_column(column)
    for name, purpose in configuration.preset_lines():
        table.add_row(name, purpose)
    console().print(table)


@config.command()
def schema() -> None:
    """Print the JSON schema of a config, for editors."""
    say(configuration.schema())
