"""Downloads a file: to a name that ends in ``.part``, from which a later run goes on; verified, then renamed."""

from __future__ import annotations

import errno
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from wwtool.base.cancellation import Cancellation
from wwtool.base.files import write_json
from wwtool.base.http_stream import Patience, Stream
from wwtool.base.records import read_record
from wwtool.errors import InputError

_SPARE_BYTES = 1 << 24  # that a download leaves free on the disk


@dataclass(frozen=True)
class Expected:
    """What is known of a file before it is there. What is None is not checked."""

    bytes: int | None = None
    sha256: str | None = None
    md5: str | None = None


class _Beginning(BaseModel):
    """What the bytes of a ``.part`` are the beginning of."""

    url: str
    bytes: int | None
    validator: str


def download(
    url: str, target: Path, expected: Expected, cancel: Cancellation | None = None,
    advance: Callable[[int, int | None], None] = lambda done, total: None, patience: Patience | None = None,
) -> str:  # fmt: skip
    """Downloads ``url`` to ``target`` and returns its SHA-256. What an interrupted download has left is gone on from.

    Args:
        url: an address of http or https.
        target: a path whose folder exists; ``target`` and a ``.part`` take the place of earlier files.
        expected: what the file must be.
        cancel: stops the download; what is there stays for the next time.
        advance: told the bytes that are there, and of how many.
        patience: how long the server may take.

    Raises:
        InputError: the file is another one than expected, or there is no space for it.
        ToolError: the server cannot be reached or breaks off.
        CancelledError: somebody has cancelled.
    """
    part, notes = _beside(target, ".part"), _beside(target, ".part.json")
    stream = _go_on(url, part, notes, expected)
    stream.patience = patience or stream.patience
    check_space(target.parent, (stream.size or 0) - stream.offset)
    with _disk_errors(target):
        _write(stream, part, notes, cancel or Cancellation(), advance)
        digest = verify(part, expected, url)
        part.replace(target)
    notes.unlink(missing_ok=True)
    return digest


def check_space(folder: Path, needed: int) -> None:
    """Raises InputError if ``needed`` bytes do not fit into a folder's disk."""
    free = shutil.disk_usage(folder).free
    if needed > 0 and free < needed + _SPARE_BYTES:
        raise InputError(
            f"{needed / 1e6:,.0f} MB are needed in {folder} and {free / 1e6:,.0f} MB are free; free some space, or set "
            "WWTOOL_HOME to a folder on another disk"
        )


def verify(path: Path, expected: Expected, origin: str) -> str:
    """Compares a file with what it must be, and returns its SHA-256. A wrong file is removed.

    Raises:
        InputError: it is another file.
    """
    check = Check(expected, origin)
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                check.update(chunk)
        return check.finish()
    except InputError:
        path.unlink()
        raise


class Check:
    """Holds bytes to what is expected of their file, while they come."""

    def __init__(self, expected: Expected, origin: str) -> None:
        self._expected, self._origin, self._bytes = expected, origin, 0
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False) if expected.md5 else None

    def update(self, chunk: bytes) -> None:
        """The next bytes."""
        self._bytes += len(chunk)
        self._sha256.update(chunk)
        if self._md5 is not None:
            self._md5.update(chunk)

    def finish(self) -> str:
        """The SHA-256 of all bytes.

        Raises:
            InputError: they are not those of the file.
        """
        expected, sha256 = self._expected, self._sha256.hexdigest()
        facts = (
            ("size", expected.bytes, self._bytes),
            ("SHA-256", expected.sha256, sha256),
            ("MD5", expected.md5, self._md5.hexdigest() if self._md5 else None),
        )
        for name, wanted, actual in facts:
            if wanted is not None and wanted != actual:
                raise InputError(
                    f"{self._origin} is not the file that it should be: its {name} is {actual} instead of {wanted}; "
                    "get it again, or from a mirror"
                )
        return sha256


def _go_on(url: str, part: Path, notes: Path, expected: Expected) -> Stream:
    """The stream, from where an earlier download of the same file broke off."""
    stream = Stream(url, expected.bytes)
    try:
        beginning = read_record(notes, _Beginning)
        there = part.stat().st_size
    except (InputError, OSError):
        return stream
    # Without a validator or a hash nothing would tell the end of one file from the beginning of another.
    same = beginning.url == url and beginning.bytes == expected.bytes and (beginning.validator or expected.sha256)
    if same and there <= (expected.bytes or there):
        stream.offset, stream.validator = there, beginning.validator
    return stream


def _write(
    stream: Stream, part: Path, notes: Path, cancel: Cancellation, advance: Callable[[int, int | None], None]
) -> None:
    known = stream.size
    with part.open("ab") as file:
        file.truncate(stream.offset)

        def start_over() -> None:
            file.truncate(0)
            file.seek(0)

        noted = ""
        advance(stream.offset, stream.size)
        for chunk in stream.chunks(cancel, start_over):
            file.write(chunk)
            if stream.validator != noted or not notes.exists():
                noted = stream.validator
                write_json(notes, _Beginning(url=stream.url, bytes=known, validator=noted).model_dump())
            advance(stream.offset, stream.size)


@contextmanager
def _disk_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = "free some space and run the same command again to go on" if full else "check that it can be written"
        raise InputError(f"cannot write {target}: {error.strerror or error}; {remedy}") from error


def _beside(target: Path, suffix: str) -> Path:
    return target.with_name(target.name + suffix)
