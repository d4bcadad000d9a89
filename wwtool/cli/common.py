"""What several commands share: options, and what is said of recordings."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from wwtool.cli.terminal import CAREFUL, Terminal, line, say, styled
from wwtool.platforms.load import platform_names

Command = TypeVar("Command", bound=Callable[..., Any])

_MOST_NOTES = 20


class _Path(click.Path):
    """A path that names something: an empty one, of a shell variable that is not set, would be the working folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not os.fspath(value):
            self.fail("the path is empty; '.' is the folder you are in", param, ctx)
        return super().convert(value, param, ctx)


class _Port(click.types.StringParamType):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not value:
            self.fail("the port's name is empty", param, ctx)
        return value


FILE = _Path(path_type=Path, dir_okay=False)
FOLDER = _Path(path_type=Path, file_okay=False)
ANY_PATH = _Path(path_type=Path)
PORT = _Port()


overwrite_option = click.option(
    "--overwrite", is_flag=True, help="Replace folders whole, with what you have changed or added in them."
)


def profile_option() -> Callable[[Command], Command]:
    """--platform FILE, of a build that is there."""
    return click.option(
        "--platform",
        "platform_name",
        metavar="FILE",
        help="The .yaml of a board of your own that it was built for.  [default: as the build says, of wwtool's own]",
    )


def platform_option(required: bool = True) -> Callable[[Command], Command]:
    """--platform NAME."""
    names = ", ".join(platform_names())
    return click.option(
        "--platform",
        "platform_name",
        required=required,
        metavar="NAME",
        help=f"One of {names}; or a .yaml of your own.",
    )


def print_notes(notes: Mapping[str, Sequence[Mapping[str, str]]], rest: str) -> None:
    """What was left out of a data folder and what is doubtful; ``rest`` says where those are that are too many."""
    for what, entries in notes.items():
        for entry in entries[:_MOST_NOTES]:
            say(f"{what} {entry['path']}: {entry['reason']}")
        if len(entries) > _MOST_NOTES:
            say(f"and {len(entries) - _MOST_NOTES} more {what}, {rest}")


def print_warning(out: Terminal, evaluation: Mapping[str, Any]) -> None:
    """What a reader of an evaluation's figures must know, if there is anything."""
    if evaluation.get("warning"):
        out.print()
        out.print(line(styled(*CAREFUL), " ", styled(evaluation["warning"], "bold yellow")))
