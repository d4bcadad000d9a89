"""What several commands share: options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from wwtool.platforms import platform_names

Command = TypeVar("Command", bound=Callable[..., Any])

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
ANY_PATH = click.Path(path_type=Path)


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
