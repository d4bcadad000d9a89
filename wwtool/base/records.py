"""Reads JSON and NumPy arrays that somebody else may have written or damaged.

Whatever a file holds, reading it gives a value or an InputError: for brackets nested too deeply, numbers that no float
can hold, text that cannot be written again, arrays larger than their file. Nothing is ever unpickled.
"""

from __future__ import annotations

import json
import math
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ValidationError

from wwtool.base.file_kinds import HEAD_BYTES, NUMPY, ZIP, describe_mismatch, kind_of, kind_of_file
from wwtool.base.text import one_line, printable
from wwtool.errors import InputError

Record = TypeVar("Record", bound=BaseModel)
Array = npt.NDArray[Any]

_MOST_JSON_BYTES = 1 << 28
_MOST_ARRAY_BYTES = 1 << 32
_INTEGER_DIGITS = 18  # every count and size has fewer, and float() and format() can handle them
MANIFEST = "manifest.json"  # of a build folder
_AGAIN = "make it again"


def parse_json(content: bytes | str, name: str) -> Any:
    """Parses JSON strictly: no NaN, no Infinity, and no number, text or nesting that other readers could not handle.

    Raises:
        InputError: it is not such JSON; the message calls it ``name``.
    """
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_constant, parse_float=_float, parse_int=_integer)
        if "\\u" in text:
            _encodable(value)
    except RecursionError:
        raise InputError(f"cannot read {name} as JSON: it is nested too deeply; {_AGAIN}") from None
    except ValueError as error:
        raise InputError(f"cannot read {name} as JSON: {one_line(str(error))}; {_AGAIN}") from error
    return value


def read_json(path: Path) -> dict[str, Any]:
    """Reads a JSON object.

    Raises:
        InputError: the file is missing or holds no JSON object.
    """
    _refuse_pipes(path)
    try:
        if path.stat().st_size > _MOST_JSON_BYTES:
            raise InputError(f"{path} is larger than the {_MOST_JSON_BYTES >> 20} MiB that wwtool reads; {_AGAIN}")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot read {path} as JSON: {reason}; {_AGAIN}") from error
    kind = kind_of(content[:HEAD_BYTES])
    if kind is not None and kind.remedy:
        raise InputError(f"{path} {describe_mismatch(kind, 'JSON')}")
    value = parse_json(content, str(path))
    if not isinstance(value, dict):
        raise InputError(f"{path} does not hold a JSON object; {_AGAIN}")
    return value


def read_manifest(build: Path) -> dict[str, Any]:
    """The ``manifest.json`` of a build folder.

    Raises:
        InputError: there is none, so the build has not been finished.
    """
    path = build / MANIFEST
    if not path.is_file():
        raise InputError(f"{build} is no finished build ({path.name} is missing); run wwtool build first")
    return read_json(path)


def read_record(path: Path, kind: type[Record]) -> Record:
    """Reads a JSON object as a ``kind``.

    Raises:
        InputError: the file is missing, or its content does not match ``kind``.
    """
    return as_record(read_json(path), kind, str(path))


def as_record(value: Any, kind: type[Record], name: str) -> Record:
    """Validates a value as a ``kind``.

    Raises:
        InputError: the value does not match ``kind``; the message calls it ``name``.
    """
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = printable(".".join(str(part) for part in first["loc"]) or "it", 80)
        raise InputError(f"{name} is damaged ({where}: {first['msg'].lower()}); {_AGAIN}") from error


def json_of(record: Any) -> dict[str, Any]:
    """The keys of a dataclass, with dataclasses and pydantic models in it as dicts."""
    return asdict(record, dict_factory=_json_keys)


def _json_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: _json_value(value) for key, value in pairs}


def _json_value(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_json_value(part) for part in value]
    return value.model_dump() if isinstance(value, BaseModel) else value


def read_array(path: Path, mapped: bool = False, remedy: str = _AGAIN) -> Array:
    """Reads the array of a .npy file; with ``mapped`` it stays on the disk.

    Raises:
        InputError: the file is missing or damaged, or holds Python objects.
    """
    _refuse_pipes(path)
    try:
        # Mapping compares the shape in the header with the file's size before any memory is allocated.
        array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise ValueError("it is a .npz file")
        return array if mapped else np.array(array)
    except Exception as error:  # NumPy parses the header as Python, so any error can occur
        raise _unreadable(path, "a .npy file", error, remedy) from error


def read_arrays(path: Path, remedy: str = _AGAIN) -> dict[str, Array]:
    """Reads the arrays of a .npz file by name; a .npy file has one array, under the name "".

    Raises:
        InputError: the file is missing or damaged, holds Python objects, or holds more than 4 GiB.
    """
    _refuse_pipes(path)
    if not _is_zip(path):
        return {"": read_array(path, remedy=remedy)}
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MOST_ARRAY_BYTES:
                raise ValueError(f"it holds more than {_MOST_ARRAY_BYTES >> 30} GiB")
        with np.load(path, allow_pickle=False) as arrays:
            return {name: np.asarray(arrays[name]) for name in arrays.files}
    except Exception as error:
        raise _unreadable(path, "a .npz file", error, remedy) from error


def read_torch_tensors(path: Path, key: str, remedy: str = _AGAIN) -> dict[str, Any]:
    """The tensors by name below ``key`` of a file that PyTorch has saved; nothing else in it is made.

    Raises:
        InputError: the file is missing or damaged, or holds anything but plain data.
    """
    import torch

    _refuse_pipes(path)
    try:
        tensors: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)[key]
        if not all(isinstance(tensor, torch.Tensor) for tensor in tensors.values()):
            raise ValueError("it holds more than tensors")
        return tensors
    except Exception as error:  # the file decides which error occurs
        raise _unreadable(path, "tensors of PyTorch", error, remedy) from error


def _refuse_pipes(path: Path) -> None:
    """Reading from a pipe might never end."""
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is not a file; name another")


def _is_zip(path: Path) -> bool:
    try:
        return zipfile.is_zipfile(path)
    except (OSError, ValueError):
        return False


def _unreadable(path: Path, expected: str, error: Exception, remedy: str) -> InputError:
    kind = kind_of_file(path) if path.is_file() else None
    if kind in (None, NUMPY, ZIP):
        reason = getattr(error, "strerror", None) or printable(one_line(str(error)) or type(error).__name__, 200)
        return InputError(f"cannot read {path} as {expected}: {reason}; {remedy}")
    return InputError(f"{path} {describe_mismatch(kind, expected, remedy)}")


def _constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits[:20]} is too large a number")
    return value


def _integer(digits: str) -> int:
    if len(digits) > _INTEGER_DIGITS:
        raise ValueError(f"{digits[:20]}... is too large a number")
    return int(digits)


def _encodable(value: Any) -> None:
    """Raises UnicodeEncodeError, a ValueError, for half a character; bytes of a file name are fine."""
    waiting = [value]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, dict):
            waiting += [*entry.keys(), *entry.values()]
        elif isinstance(entry, list):
            waiting += entry
        elif isinstance(entry, str):
            entry.encode("utf-8", "surrogateescape")
