"""Members of a Debian package: an ar archive whose member ``data.tar`` has the files (deb(5))."""

from __future__ import annotations

import re
import tarfile
import zlib
from collections.abc import Mapping
from lzma import LZMAError
from pathlib import Path
from typing import IO

from wwtool.data.packing.interface import MOST_MEMBER_BYTES, append
from wwtool.errors import InputError

_AR_MAGIC, _HEADER_BYTES = b"!<arch>\n", 60
_BELOW = "/**"
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*")


def unpack_deb(path: Path, take: Mapping[str, str], folder: Path) -> None:
    """Takes plain files. A member that ends in ``/**`` is a folder whose files go, with their paths, below another."""
    seen: set[str] = set()
    try:
        with path.open("rb") as file:
            _seek_data(file)
            with tarfile.open(fileobj=file, mode="r|*") as archive:
                for info in archive:
                    member = info.name.removeprefix("./")
                    chosen = next((key for key in take if member.startswith(key.removesuffix("**"))), None)
                    if chosen is None or not info.isfile():
                        continue
                    content, rest = archive.extractfile(info), member.removeprefix(chosen.removesuffix("**"))
                    name = take[chosen] + rest if chosen.endswith(_BELOW) else take[chosen]
                    if content is None or info.size > MOST_MEMBER_BYTES or not _PLAIN.fullmatch(name):
                        continue
                    append(content, folder, name)
                    seen.add(chosen)
    except (tarfile.TarError, zlib.error, LZMAError, EOFError, OSError, ValueError) as error:
        raise InputError(f"{path.name} is no Debian package that can be read: {error}; get it again") from error
    if missing := [key for key in take if key not in seen]:
        raise InputError(f"{path.name} has no {missing[0]}; reinstall wwtool or use a newer one")


def _seek_data(file: IO[bytes]) -> None:
    """Moves to the first byte of the member ``data.tar``, packed in whatever way."""
    if file.read(len(_AR_MAGIC)) != _AR_MAGIC:
        raise ValueError("it does not begin as one")
    while len(header := file.read(_HEADER_BYTES)) == _HEADER_BYTES:
        name, size = header[:16].decode("ascii", "replace").strip(" /"), int(header[48:58])
        if name.startswith("data.tar"):
            return
        file.seek(size + size % 2, 1)
    raise ValueError("it has no data.tar")
