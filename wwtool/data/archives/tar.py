"""Tar files, plain or packed by gzip, bzip2 or xz."""

from __future__ import annotations

import lzma
import tarfile
import zlib
from collections.abc import Iterator
from typing import IO, cast

from wwtool.base.text import one_line
from wwtool.data.archives.incoming import Incoming, Member
from wwtool.errors import InputError

_CHUNK_BYTES = 1 << 18
_DAMAGE = (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError)


def tar_members(incoming: Incoming) -> Iterator[Member]:
    """Plain files in order; links and devices are left out."""
    try:
        with tarfile.open(fileobj=cast(IO[bytes], incoming), mode="r|*") as archive:
            for info in archive:
                file = archive.extractfile(info) if info.isfile() else None
                if file is not None:
                    yield info.name, _content(file)
    except _DAMAGE as error:
        raise _damaged(error) from error


def _content(file: IO[bytes]) -> Iterator[bytes]:
    try:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
    except _DAMAGE as error:
        raise _damaged(error) from error


def _damaged(error: Exception) -> InputError:
    return InputError(f"the tar file is damaged: {one_line(str(error))}; get it again")
