"""Writes files so that a half-written one never has its final name."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from wwtool.errors import InputError

try:
    import fcntl
except ImportError:  # Windows: nothing is locked there
    fcntl = None  # type: ignore[assignment]

_PARTIAL = ".partial"
_PARTIAL_NAME = re.compile(r"\..+\.[0-9a-f]{16}\.partial", re.DOTALL)


def write_bytes(path: Path, content: bytes) -> None:
    """Writes ``content`` to a temporary name beside ``path`` and renames it; see ``new_file``."""
    with new_file(path) as file:
        file.write(content)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Yields a file beside ``path``. If the block succeeds, the file takes the place of ``path``; else it is removed.

    A link stays a link, and its target is written. A device or a pipe is written directly, as nothing may replace it.

    Raises:
        InputError: the folder cannot be written, or the disk is full. An older file is untouched.
    """
    real = Path(os.path.realpath(path))
    try:
        if _is_special(path):
            with path.open("wb") as file:
                yield file
            return
        real.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; choose another folder with --out") from error
    # The name comes first, so that an interrupt at any later moment removes the file.
    temporary = _partial(real.parent, real.name)
    try:
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}; choose another folder with --out") from error
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
            temporary.chmod(0o644)
            temporary.replace(real)
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}; free space or choose another folder") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file() and not path.is_dir()


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8; a byte of a file name that is not UTF-8 is written as an escape."""
    write_bytes(path, text.encode(errors="backslashreplace"))


def write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, indent=2) + "\n")


@contextmanager
def replaced_folder(path: Path, label: str = "") -> Iterator[Path]:
    """Yields an empty folder; if the block succeeds, its contents replace those of ``path``.

    The folder ``path`` itself stays, so links to it, mounts of it and shells in it stay valid. The file ``label`` is
    removed last and added first, so that the folder has its label whenever this is interrupted.
    """
    real = Path(os.path.realpath(path))
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
        # The new folder must be in the same file system, even if ``path`` is a mount point.
        temporary = _partial(real, "new") if real.is_dir() else _partial(real.parent, real.name)
        temporary.mkdir(mode=0o700)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; choose another folder with --out") from error
    try:
        yield temporary
        try:
            _take_place(temporary, real, label)
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}; free space or choose another folder") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def scratch_folder(parent: Path, name: str) -> Iterator[Path]:
    """Yields an empty folder in ``parent`` and removes it at the end; the next run removes what a killed one leaves."""
    folder = _partial(parent, name)
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise InputError(f"cannot write {parent}: {error.strerror}; choose another folder with --out") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _partial(parent: Path, name: str) -> Path:
    """A unique name for something that is not complete yet."""
    return parent / f".{name}.{secrets.token_hex(8)}{_PARTIAL}"


def is_partial(name: str) -> bool:
    """Whether a name is one that this module gives to something incomplete."""
    return _PARTIAL_NAME.fullmatch(name) is not None


def _take_place(temporary: Path, path: Path, label: str) -> None:
    if temporary.parent != path:
        temporary.chmod(0o755)
        temporary.rename(path)
        return
    old = _partial(path, "old")
    old.mkdir(mode=0o700)
    try:
        # All old files go before the first new one comes, so that nobody ever sees a mixture.
        _move(path, old, lambda name: name == label)
        _move(temporary, path, lambda name: name != label)
    except BaseException:
        _move(path, temporary, lambda name: name == label)
        _move(old, path, lambda name: name != label)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _move(source: Path, target: Path, is_later: Callable[[str], bool]) -> None:
    """Moves the contents of a folder, last the entries whose names are ``is_later``."""
    for entry in sorted(source.iterdir(), key=lambda entry: (is_later(entry.name), entry.name)):
        if not is_partial(entry.name):
            entry.rename(target / entry.name)


@contextmanager
def working_folder(path: Path, places: Sequence[str] = ()) -> Iterator[None]:
    """Makes ``path``, keeps other wwtool processes out of it, and removes what a killed one left half-written.

    If the block fails, what its workers left half-written is removed, too: they are killed where they are.
    If the block writes nothing, the folder is removed again.

    Args:
        path: the folder.
        places: patterns of the folders below it that the block writes to. Only these are cleaned, not their subfolders.

    Raises:
        InputError: the folder cannot be made, or another wwtool works in it.
    """
    new_folders = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = _lock(path)
    except BlockingIOError as error:
        raise InputError(f"another wwtool works in {path}; wait for it, or choose another folder with --out") from error
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; choose another folder with --out") from error
    try:
        _sweep(path, places)
        yield
    except BaseException:
        _sweep(path, places)
        raise
    finally:
        if lock is not None:
            os.close(lock)
        with suppress(OSError):
            for folder in new_folders:
                folder.rmdir()


def _lock(folder: Path) -> int | None:
    """Locks the folder itself, without a lock file; the system frees the lock when the process ends."""
    if fcntl is None:
        return None
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle


def _sweep(folder: Path, places: Sequence[str]) -> None:
    for place in (folder, *(path for pattern in places for path in folder.glob(pattern) if path.is_dir())):
        for path in [entry for entry in place.iterdir() if is_partial(entry.name)]:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_array(path: Path, array: npt.NDArray[Any]) -> None:
    """Writes a NumPy array as .npy."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    write_bytes(path, buffer.getvalue())


def write_arrays(path: Path, **arrays: npt.NDArray[Any]) -> None:
    """Writes NumPy arrays as .npz."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    write_bytes(path, buffer.getvalue())


def hash_of(*parts: Any) -> str:
    """A short hash of values that JSON can hold: the key under which a stage's result is cached."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def in_home(path: str) -> Path | None:
    """A path that begins with ``~``; None for a user without a home folder, as in a container."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return None
