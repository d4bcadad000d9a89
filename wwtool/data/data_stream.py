"""Reads the archives of a data set while they are downloaded, one member after the other, all bytes verified."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from wwtool.base.cancellation import Cancellation
from wwtool.base.download import Check
from wwtool.base.http_stream import Advance, Stream, mirrored
from wwtool.data.archives import ARCHIVES, Incoming
from wwtool.data.archives.incoming import Member
from wwtool.data.catalogue import Piece
from wwtool.data.first_seen import hold_to_first_seen
from wwtool.data.origins.interface import expected
from wwtool.errors import InputError

_CHUNK_BYTES = 1 << 18


@dataclass(frozen=True)
class Line:
    """How archives come.

    Attributes:
        mirror: an address that takes the place of the servers'; None: what WWTOOL_MIRROR says.
        file: an archive of this machine that is read instead; None: none.
        cancel: stops it.
        advance: told how many bytes of how many have come.
    """

    mirror: str | None = None
    file: Path | None = None
    cancel: Cancellation = field(default_factory=Cancellation)
    advance: Advance = lambda done, total: None


class Taker(Protocol):
    """What is done with each member of an archive."""

    def __call__(self, member: Member) -> None: ...


def archives_of(pieces: Sequence[Piece]) -> list[tuple[Piece, ...]]:
    """Pieces that belong together: those of the form "more" go on with the archive before them."""
    groups: list[tuple[Piece, ...]] = []
    for piece in pieces:
        if piece.form == "more" and groups:
            groups[-1] = (*groups[-1], piece)
        else:
            groups.append((piece,))
    return groups


def read_archive(parts: tuple[Piece, ...], line: Line, take: Taker) -> None:
    """Passes every member of an archive to ``take``. When it returns, all bytes were those that they should be.

    Raises:
        InputError: the archive is damaged, or another one than expected.
        ToolError: the server cannot be reached, or breaks off again and again.
        CancelledError: somebody has cancelled.
    """
    incoming = Incoming(_bytes_of_file(line.file, line) if line.file else _bytes_of(parts, line))
    for member in ARCHIVES.member(parts[0].form)(incoming):
        line.cancel.check()
        take(member)
    incoming.drain()


def _bytes_of(parts: tuple[Piece, ...], line: Line) -> Iterator[bytes]:
    before, total = 0, sum(part.bytes or 0 for part in parts) if all(part.bytes for part in parts) else None
    for part in parts:
        if part.url is None:
            raise InputError("the catalogue names no address; reinstall wwtool")
        check, stream = Check(expected(part), part.url), Stream(mirrored(part.url, line.mirror), part.bytes)
        for chunk in stream.chunks(line.cancel, _cannot_start_over):
            check.update(chunk)
            line.advance(before + stream.offset, total if len(parts) > 1 else stream.size)
            yield chunk
        digest = check.finish()
        before += stream.offset
        if part.sha256 is None:
            hold_to_first_seen(part.url, digest)


def _bytes_of_file(path: Path, line: Line) -> Iterator[bytes]:
    """An archive that the user has fetched by hand: whatever it is, it is wanted."""
    size, done = path.stat().st_size, 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            line.cancel.check()
            done += len(chunk)
            line.advance(done, size)
            yield chunk


def _cannot_start_over() -> None:
    raise InputError("the server cannot go on where the connection broke; run the same command again, or use a mirror")
