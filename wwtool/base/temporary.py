"""Temporary folders. All of a process's lie in one folder, which it keeps locked while it runs.

When a process is killed, the system frees the lock, and the next process that needs a temporary folder removes what is
left. Any failure while the temporary directory is full is reported as a full directory.
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
_FULL_BYTES = 1 << 20  # with less free space, compiler objects or a minute of audio may not fit
_FULL = (errno.ENOSPC, errno.EDQUOT)


class TemporaryFolder:
    """An empty folder that exists until ``close()``, the end of a with block, or the end of the process.

    Raises:
        InputError: the folder cannot be made; or a with block fails and the temporary directory is full.
    """

    def __init__(self, purpose: str) -> None:
        self._root = _Root.current()
        self.path = self._root.make(purpose)

    def close(self) -> None:
        """Removes the folder; may be called again."""
        self._root.remove(self.path)

    @contextmanager
    def kept_if_successful(self) -> Iterator[Path]:
        """A block that keeps the folder, unless the block fails."""
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
    """Makes a folder in ``folder``; all temporary files of this process and of those that it starts go there."""
    private = tempfile.mkdtemp(dir=folder)
    tempfile.tempdir = private
    os.environ["TMPDIR"] = private
    return Path(private)


class _Root:
    """This process's folder in the temporary directory; it exists while any folder in it does."""

    _current: _Root | None = None

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self._folders: set[Path] = set()
        self._lock: int | None = None
        _sweep(Path(directory))
        while True:
            # The name comes first, so that an interrupt at any later moment removes the folder.
            self._path = Path(directory, f"{_PREFIX}{os.getpid()}-{secrets.token_hex(4)}")
            atexit.register(self._end)
            try:
                self._path.mkdir(0o700)
            except OSError as error:
                raise _unusable(directory, error) from error
            # Before the lock is held, another process may remove the folder.
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

    If TMPDIR cannot be used, Python silently uses another directory, in the end the working directory, while the
    programs that wwtool starts still obey TMPDIR. So this refuses both.
    """
    requested = os.environ.get("TMPDIR", "")
    try:
        if requested and shutil.disk_usage(requested).free == 0:
            raise _full(requested)
        directory = tempfile.gettempdir()
    except OSError as error:
        raise _unusable(requested or "(/tmp and others)", error) from error
    if not requested and Path(directory) == Path.cwd() and directory not in ("/tmp", "/var/tmp"):
        raise _full("(/tmp and others)")
    return directory


def _lock(folder: Path) -> int | None:
    """Locks the folder; None if the system has no locks.

    Raises:
        BlockingIOError: another process has the lock.
        FileNotFoundError: the folder is gone.
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
    """Removes what ended processes of this user have left."""
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
    """Raises InputError if the temporary directory is full: then the tool's own message would mislead."""
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
