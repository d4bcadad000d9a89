"""What several commands share: options, JSON output, the console."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from wwtool.platforms import platform_names

Command = TypeVar("Command", bound=Callable[..., Any])

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
ANY_PATH = click.Path(path_type=Path)


def console() -> Console:
    """Where tables and progress go: standard error stays for errors."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 120)


def print_json(schema: str, version: int, value: dict[str, Any]) -> None:
    """Prints a result with its schema's name and version."""
    click.echo(json.dumps({"schema": f"wwtool.{schema}", "version": version, **value}, indent=2))


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
