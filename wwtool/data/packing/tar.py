"""Members of a tar file, packed or not, which an npm package is."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from wwtool.data.packing.interface import MOST_MEMBER_BYTES, append, destination, require_all
from wwtool.errors import InputError


def unpack_tar(path: Path, take: Mapping[str, str], folder: Path) -> None:
    """Takes plain files; links and devices are left out."""
    seen: set[str] = set()
    try:
        with tarfile.open(path, "r:*") as archive:
            for info in archive:
                name = destination(info.name, take)
                if name is None or not info.isfile():
                    continue
                member = archive.extractfile(info)
                if member is None or info.size > MOST_MEMBER_BYTES:
                    raise InputError(f"{path.name}: {info.name} cannot be read; get the file again")
                append(member, folder, name)
                seen |= {info.name, PurePosixPath(info.name).parent.as_posix() + "/"}
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise InputError(f"{path.name} is no tar file that can be read: {error}; get it again") from error
    require_all(path, take, seen)
