"""Arrays of an .npz file, each of which becomes a file of its bare numbers."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from wwtool.base.records import read_arrays
from wwtool.data.packing.interface import append
from wwtool.errors import InputError

_NAME = re.compile(r"[A-Za-z0-9_]{1,60}")


def unpack_npz(path: Path, take: Mapping[str, str], folder: Path) -> None:
    """Takes all arrays, as little-endian float32, into ``<name>.bin``."""
    for name, array in read_arrays(path, "get it again").items():
        if not _NAME.fullmatch(name) or array.dtype.kind != "f":
            raise InputError(f"{path.name} does not hold arrays of numbers by name; get it again")
        append(io.BytesIO(np.ascontiguousarray(array, "<f4").tobytes()), folder, f"{take['']}{name}.bin")
