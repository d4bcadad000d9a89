"""Events in a file, one JSON object a line, so that another program can follow a job or read it later.

Every line has ``schema`` ("wwtool.event"), ``version``, ``time`` (seconds since 1970), ``event`` (the class's name in
lower case with underscores, such as "stage_started") and the event's fields. A number that is not finite is null.
Later versions may add events and fields.
"""

from __future__ import annotations

import json
import math
import os
import re
import time
from collections.abc import Iterator
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import numpy as np
from pydantic import TypeAdapter, ValidationError

from wwtool import events
from wwtool.base.records import parse_json
from wwtool.base.text import printable
from wwtool.errors import InputError

SCHEMA = "wwtool.event"
VERSION = 1
_BEGINNING = f'{{"schema": "{SCHEMA}"'.encode()


class EventLog:
    """A listener that appends every event to a file. A log that is there is continued.

    The first event makes the file, so a request that is refused leaves none.

    Raises:
        InputError: the file holds something else than events.
        OSError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def __enter__(self) -> EventLog:
        if self._path.is_file() and not _is_log(self._path):
            raise InputError(f"{self._path} is not a log of events, so nothing is appended to it; choose another file")
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def __call__(self, event: events.Event) -> None:
        if self._file is None:
            self._file = self._open()
        self._file.write(json.dumps(_line(event)) + "\n")
        self._file.flush()

    def _open(self) -> TextIO:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a", encoding="utf-8", newline="\n")
        if self._path.is_file() and not _ends_with_a_line(self._path):  # a killed program left half a line
            file.write("\n")
        return file


@dataclass(frozen=True)
class Entry:
    """A line of a log. ``time`` is in seconds since 1970."""

    time: float
    event: events.Event


def read_events(path: Path) -> Iterator[Entry]:
    """The events of a log that this version knows, in order. A line that a killed program left half written is skipped.

    The value of a ``PartialResult`` comes back as a dict.

    Raises:
        InputError: the file cannot be read, or a line of it is no event.
    """
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}; give the log of a job") from error
    for number, line in enumerate(lines, 1):
        entry = _entry(line, f"{path}, line {number}")
        if entry is not None:
            yield entry


def _is_log(path: Path) -> bool:
    """Whether a file is empty or begins as a log does. Killed programs may have left half lines at its beginning."""
    with path.open("rb") as file:
        for line in iter(lambda: file.readline(len(_BEGINNING)), b""):
            if line == _BEGINNING:
                return True
            if not _BEGINNING.startswith(line.rstrip(b"\n")):
                return False
    return True


def _ends_with_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


def event_name(kind: type[events.Event]) -> str:
    """What a log calls an event.

    >>> event_name(events.StageStarted)
    'stage_started'
    """
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


_KINDS = {event_name(kind): kind for kind in events.Event.__subclasses__()}


def _line(event: events.Event) -> dict[str, Any]:
    content = {field.name: _plain(getattr(event, field.name)) for field in fields(event)}
    head = {"schema": SCHEMA, "version": VERSION, "time": round(time.time(), 3), "event": event_name(type(event))}
    return {**head, **content}


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if hasattr(value, "as_dict"):
        return _plain(value.as_dict())
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int) else printable(str(value))


def _entry(line: bytes, where: str) -> Entry | None:
    """The event of a line; None for one that this version does not know, or that is only half there."""
    try:
        content = parse_json(line, where)
    except InputError:
        if line.startswith(_BEGINNING) or _BEGINNING.startswith(line.rstrip(b"\n")):
            return None
        raise
    if not isinstance(content, dict) or content.get("schema") != SCHEMA or content.get("version") != VERSION:
        raise InputError(f"{where} is no event of version {VERSION}; give the log of a job")
    kind = _KINDS.get(str(content.get("event")))
    if kind is None:
        return None
    names = [field.name for field in fields(kind) if field.name in content or field.default is MISSING]
    values = {name: math.nan if content.get(name) is None else content[name] for name in names}
    try:
        return Entry(float(content["time"]), TypeAdapter(kind).validate_python(values))
    except (ValidationError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where} does not hold what a {content['event']} has; give the log of a job") from error
