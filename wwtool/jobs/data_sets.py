"""Data sets: which there are, and getting one as features to train against."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from wwtool import events
from wwtool.base.cancellation import Cancellation
from wwtool.base.download import check_space
from wwtool.base.http_stream import mirrored
from wwtool.base.records import json_of
from wwtool.base.text import printable
from wwtool.data.catalogue import DataSetEntry, data_sets, look_up
from wwtool.data.data_home import data_home, read_data_set
from wwtool.data.data_stream import Line
from wwtool.errors import InputError, UsageError
from wwtool.jobs.request import Request, reported
from wwtool.pipeline.data_sets import get_data_set

_STAGE = "data"
_BYTES_AN_HOUR = 14_400_000  # of int8 features: 100 frames a second, 40 channels


class DataSetsRequest(Request):
    """Data sets to get."""

    names: tuple[str, ...] = Field(min_length=1, description="Names of data sets in the catalogue.")
    mirror: str | None = Field(
        None, description="An address that takes the place of the servers' own.  [default: WWTOOL_MIRROR]"
    )
    file: Path | None = Field(None, description="An archive that you have fetched yourself, which is read instead.")
    again: bool = Field(False, description="Get it again even if it is there.")


@dataclass(frozen=True)
class WantedSet:
    """A data set to get; ``bytes`` to download, None if nobody has published them."""

    name: str
    entry: DataSetEntry
    bytes: int | None
    is_there: bool


@dataclass(frozen=True)
class DataSetsPlan:
    """Which data sets to get, and how."""

    wanted: tuple[WantedSet, ...]
    mirror: str | None
    file: Path | None


@dataclass(frozen=True)
class DataSetRow:
    """A data set as ``data list --json`` has it.

    ``bytes``: to download, null if unknown; ``hours``: of the features that were made, or else of the audio in it, null
    if unknown; ``folder``: where it is, null if it is not there; ``by_hand``: it must be fetched from ``home``.
    """

    name: str
    title: str
    use: str
    languages: list[str]
    speakers: int | None
    licence: str
    home: str
    note: str
    bytes: int | None
    hours: float | None
    by_hand: bool
    folder: str | None
    problem: str | None


@dataclass(frozen=True)
class DataSetsOutput:
    """``data list --json`` and ``data get --json``."""

    home: str
    data_sets: list[DataSetRow]

    def as_dict(self) -> dict[str, Any]:
        return json_of(self)


def listing() -> DataSetsOutput:
    """All data sets of the catalogue."""
    return DataSetsOutput(printable(str(data_home())), [_row(name, entry) for name, entry in data_sets().items()])


def plan(request: DataSetsRequest, listener: events.Listener = events.ignore) -> DataSetsPlan:
    """Checks a request; changes nothing.

    Raises:
        UsageError: a data set or the mirror does not exist, or a data set must be fetched by hand.
        InputError: the file does not exist, or there is no space.
    """
    mirrored("http://example.org/", request.mirror)  # refuses what is no address
    if request.file is not None and len(request.names) != 1:
        raise UsageError("--file is the archive of one data set; name one")
    if request.file is not None and not request.file.is_file():
        raise InputError(f"{printable(str(request.file))} is no file; give the archive that you have fetched")
    wanted = []
    for name in dict.fromkeys(request.names):
        entry = look_up(data_sets(), name, "data set")
        if not entry.offers and request.file is None:
            raise UsageError(
                f"{name} must be fetched by hand from {entry.home}; then run wwtool data get {name} --file PATH"
            )
        is_there = not request.again and _row(name, entry).folder is not None
        if not is_there:
            check_space(_existing(data_home()), int((entry.hours or 1) * _BYTES_AN_HOUR))
        wanted.append(WantedSet(name, entry, entry.size(entry.best), is_there))
    return DataSetsPlan(tuple(wanted), request.mirror, request.file)


def run(
    plan: DataSetsPlan, listener: events.Listener = events.ignore, cancel: Cancellation | None = None
) -> DataSetsOutput:
    """Gets the data sets that are not there.

    Raises:
        InputError: an archive is damaged or another one, or there is no space.
        ToolError: a server cannot be reached.
        CancelledError: somebody has cancelled.
    """
    cancel = cancel or Cancellation()
    rows = []
    with reported("data_sets", ", ".join(wanted.name for wanted in plan.wanted), listener):
        for wanted in plan.wanted:
            cancel.check()
            if not wanted.is_there:
                _get(wanted, plan, listener, cancel)
            rows.append(_row(wanted.name, wanted.entry))
    return DataSetsOutput(printable(str(data_home())), rows)


def _get(wanted: WantedSet, plan: DataSetsPlan, listener: events.Listener, cancel: Cancellation) -> None:
    start = time.monotonic()
    listener(events.StageStarted(_STAGE, wanted.name))

    def advance(done: int, total: int | None) -> None:
        listener(events.StageProgress(_STAGE, done >> 20, (total or done) >> 20, f"{wanted.name}, MiB"))

    line = Line(plan.mirror, plan.file, cancel, advance)
    got = get_data_set(wanted.name, wanted.entry, wanted.entry.best, line)
    if got.left_out:
        listener(events.Warning(f"{got.left_out:,} files of {wanted.name} could not be read and are left out"))
    note = f"{wanted.name}: {got.clips:,} clips, {got.hours:.1f} h, in {printable(str(data_home() / wanted.name))}"
    listener(events.StageFinished(_STAGE, note, seconds=time.monotonic() - start))


def _row(name: str, entry: DataSetEntry) -> DataSetRow:
    problem, there = None, None
    try:
        there = read_data_set(name)
    except InputError as error:
        problem = str(error)
    return DataSetRow(
        name, entry.title, entry.use, list(entry.languages), entry.speakers, entry.licence, entry.home, entry.note,
        entry.size(entry.best), there.hours if there else entry.hours, not entry.offers,
        printable(str(data_home() / name)) if there else None, problem,
    )  # fmt: skip


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.is_dir())
