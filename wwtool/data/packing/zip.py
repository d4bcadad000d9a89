"""Members of a zip file, which a wheel is."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from wwtool.data.packing.interface import MOST_MEMBER_BYTES, append, destination, require_all
from wwtool.errors import InputError


def unpack_zip(path: Path, take: Mapping[str, str], folder: Path) -> None:
    """Takes members in the order in which they are asked for."""
    seen: set[str] = set()
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                name = destination(info.filename, take)
                if name is None or info.is_dir():
                    continue
                if info.file_size > MOST_MEMBER_BYTES:
                    raise InputError(f"{path.name}: {info.filename} is too large; get the file again")
                with archive.open(info) as member:
                    append(member, folder, name)
                seen |= {info.filename, PurePosixPath(info.filename).parent.as_posix() + "/"}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path.name} is no zip file that can be read: {error}; get it again") from error
    require_all(path, take, seen)
