"""What several commands share: options made of requests, listeners, and notes on recordings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic import ValidationError

from wwtool import events
from wwtool.base.validation import describe_validation
from wwtool.cli.terminal import CAREFUL, Terminal, complain, line, say, styled
from wwtool.config.presets import presets
from wwtool.errors import UsageError
from wwtool.evaluation.words import broken_promise
from wwtool.jobs.event_log import EventLog
from wwtool.jobs.request import Request, help_of
from wwtool.platforms.load import platform_names

Command = TypeVar("Command", bound=Callable[..., Any])
RequestType = TypeVar("RequestType", bound=Request)

_MOST_NOTES = 20


class _Path(click.Path):
    """A path that is not empty: an unset shell variable would otherwise mean the working folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not os.fspath(value):
            self.fail("the path is empty; '.' is the folder you are in", param, ctx)
        return super().convert(value, param, ctx)


class _ConfigFile(_Path):
    """A config, or a preset's name, also where a folder has that name."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return Path(value) if os.fspath(value) in presets() else super().convert(value, param, ctx)


class _Port(click.types.StringParamType):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not value:
            self.fail("the port's name is empty", param, ctx)
        return value


FILE = _Path(path_type=Path, dir_okay=False)
CONFIG = _ConfigFile(path_type=Path, dir_okay=False)
FOLDER = _Path(path_type=Path, file_okay=False)
ANY_PATH = _Path(path_type=Path)
PORT = _Port()


def option(request: type[Request], field: str, *names: str, **settings: Any) -> Callable[[Command], Command]:
    """An option that fills a field of a request; the field's description is its help text.

    Its name is the field's with dashes unless ``names`` has others.
    """
    return click.option(*(names or (f"--{field.replace('_', '-')}",)), field, help=help_of(request, field), **settings)


def platform_option(required: bool = True) -> Callable[[Command], Command]:
    """--platform NAME."""
    names = ", ".join(platform_names())
    help_text = f"One of {names}; or a .yaml of your own."
    return click.option("--platform", "platform", required=required, metavar="NAME", help=help_text)


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
log_option = click.option(
    "--log", "log", type=FILE, help="Append what happens to a file, as events in JSON, one a line."
)


def make(request: type[RequestType], **values: Any) -> RequestType:
    """A request of a command's options.

    Raises:
        UsageError: an option's value is out of range.
    """
    try:
        return request(**values)
    except ValidationError as error:
        raise UsageError(describe_validation(error, "the command line")) from error


@contextmanager
def listening(log: Path | None, listener: events.Listener) -> Iterator[events.Listener]:
    """The listener, and a log that hears the same events if there is a file for it."""
    if log is None:
        yield listener
        return
    with EventLog(log) as write:
        yield events.broadcast(write, listener)


def download_size(nbytes: int) -> str:
    """The size of a download as people write it.

    >>> download_size(92_361_271), download_size(2_899), download_size(23_049_477_885)
    ('92 MB', '2.9 kB', '23 GB')
    """
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if nbytes >= scale:
            value = nbytes / scale
            return f"{value:.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}"
    return f"{nbytes} B"


def complain_of_warnings(event: events.Event) -> None:
    """A listener for commands without a progress display: warnings go to standard error."""
    if isinstance(event, events.Warning):
        complain(f"warning: {event.text}")


def print_notes(notes: Mapping[str, Sequence[Mapping[str, str]]], rest: str) -> None:
    """Recordings that were left out or are doubtful; ``rest`` says where those are that are too many to print."""
    for what, entries in notes.items():
        for entry in entries[:_MOST_NOTES]:
            say(f"{what} {entry['path']}: {entry['reason']}")
        if len(entries) > _MOST_NOTES:
            say(f"and {len(entries) - _MOST_NOTES} more {what}, {rest}")


def print_warning(out: Terminal, evaluation: Mapping[str, Any]) -> None:
    """What a reader of an evaluation's figures must know, if there is anything."""
    for text, style in ((broken_promise(evaluation), "bold red"), (evaluation.get("warning"), "bold yellow")):
        if text:
            out.print()
            out.print(line(styled(*CAREFUL), " ", styled(text, style)))
