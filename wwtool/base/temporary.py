"""Temporary folders. All of a program's lie in one, which the program holds locked while it lives.

What a killed program left is known by its lock, which the system has let go, and is swept out by the next program that
needs a temporary folder. Whatever fails while the temporary directory is full is reported as that.
"""

from __future__ import annotations

import atexit
import errno
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from wwtool.errors import InputError

try:
    import fcntl
except ImportError:  # Windows: nothing is locked there, and nothing is swept
    fcntl = None  # type: ignore[assignment]

_PREFIX = "wwtool-tmp-"
_ROOT_NAME = re.compile(rf"{_PREFIX}[0-9]+-[0-9a-f]{{8}}")  # with the owner's process id, for people
_FULL_BYTES = 1 << 20  # the folders hold objects of compilers and a minute of audio: with less, any of it may fail
_FULL = (errno.ENOSPC, errno.EDQUOT)


class TemporaryFolder:
    """An empty folder that is gone with ``close()``, or at the end of a with block, or with the program.

    Raises:
        InputError: it cannot be made; or, at the end of a block that fails, the temporary directory is full.
    """

    def __init__(self, purpose: str) -> None:
        self._root = _Root.current()
        self.path = self._root.make(purpose)

    def close(self) -> None:
        """Removes it; safe to call again."""
        self._root.remove(self.path)

    @contextmanager
    def kept(self) -> Iterator[Path]:
        """A block after which the folder is still there, unless the block fails."""
        try:
            yield self.path
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if isinstance(error, Exception):
                _blame_full_disk(self.path, error)
        finally:
            self.close()


def work_below(folder: Path) -> Path:
    """Makes a folder in ``folder`` and keeps all of this process, and of the programs it starts, in there."""
    own = tempfile.mkdtemp(dir=folder)
    tempfile.tempdir = own
    os.environ["TMPDIR"] = own
    return Path(own)


class _Root:
    """This program's folder in the temporary directory, there while any folder in it is."""

    _current: _Root | None = None

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self._folders: set[Path] = set()
        self._lock: int | None = None
        _sweep(Path(directory))
        while True:
            # Named before it is made, so that an interrupt at any moment from here on removes it.
            self._path = Path(directory, f"{_PREFIX}{os.getpid()}-{secrets.token_hex(4)}")
            atexit.register(self._end)
            try:
                self._path.mkdir(0o700)
            except OSError as error:
                raise _unusable(directory, error) from error
            # Another program may have swept it out, or may be doing so, before it was locked.
            with suppress(BlockingIOError, FileNotFoundError):
                self._lock = _lock(self._path)
                if self._path.exists():
                    break
                self._unlock()

    @classmethod
    def current(cls) -> _Root:
        directory = _directory()
        root = cls._current
        if root is None or root.directory != directory or not root._path.is_dir():
            root = cls._current = cls(directory)
        return root

    def make(self, purpose: str) -> Path:
        try:
            folder = Path(tempfile.mkdtemp(prefix=f"{purpose}-", dir=self._path))
        except OSError as error:
            raise _unusable(self.directory, error) from error
        self._folders.add(folder)
        return folder

    def remove(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._folders.discard(folder)
        if not self._folders and _Root._current is self:
            _Root._current = None
            self._end()
            atexit.unregister(self._end)

    def _end(self) -> None:
        shutil.rmtree(self._path, ignore_errors=True)
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _directory() -> str:
    """The temporary directory.

    Where TMPDIR cannot be used, Python silently takes another, at last the working directory, while the programs that
    wwtool starts do as TMPDIR says. Nobody asked for either.
    """
    wanted = os.environ.get("TMPDIR", "")
    try:
        if wanted and shutil.disk_usage(wanted).free == 0:
            raise _full(wanted)
        directory = tempfile.gettempdir()
    except OSError as error:
        raise _unusable(wanted or "(/tmp and others)", error) from error
    if not wanted and Path(directory) == Path.cwd() and directory not in ("/tmp", "/var/tmp"):
        raise _full("(/tmp and others)")
    return directory


def _lock(folder: Path) -> int | None:
    """A lock on the folder; None where the system has none.

    Raises:
        BlockingIOError: another program has it.
        FileNotFoundError: the folder has been removed.
    """
    if fcntl is None:
        return None
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise
    except OSError:  # a file system without locks
        os.close(handle)
        return None
    return handle


def _sweep(directory: Path) -> None:
    """Removes what this user's programs left that have ended."""
    if fcntl is None:
        return
    with suppress(OSError):
        for path in directory.iterdir():
            if _ROOT_NAME.fullmatch(path.name) and _is_own_folder(path):
                with suppress(OSError):
                    lock = _lock(path)
                    if lock is not None:
                        shutil.rmtree(path, ignore_errors=True)
                        os.close(lock)


def _is_own_folder(path: Path) -> bool:
    with suppress(OSError):
        facts = path.lstat()
        return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid()
    return False


def _unusable(directory: str, error: OSError) -> InputError:
    if error.errno in _FULL:
        return _full(directory)
    return InputError(
        f"cannot write to the temporary directory {directory}: {error.strerror}; set TMPDIR to another folder"
    )


def _full(directory: str | Path) -> InputError:
    return InputError(f"the temporary directory {directory} is full; free space in it, or set TMPDIR to another folder")


def _blame_full_disk(folder: Path, error: Exception) -> None:
    """Raises InputError if the temporary directory is full: then no tool's or port's complaint means anything."""
    probe = folder / ".probe"
    try:
        full = shutil.disk_usage(folder).free < _FULL_BYTES
        if not full:  # a quota shows only by writing
            probe.write_bytes(bytes(_FULL_BYTES))
    except OSError as failure:
        full = failure.errno in _FULL
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    if full:
        raise _full(folder.parent.parent) from error
