"""Standard output and error that take every text, and go on when nobody reads them any more."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from pathlib import Path
from typing import Any, TextIO

# Characters beyond ASCII that wwtool prints, and what replaces them where an encoding lacks them.
_PLAIN = {"✓": "+", "✗": "x", "“": '"', "”": '"', "…": "...", "→": "->", "µ": "u"}
PLAIN = "wwtool.plain"
CLOSED = "standard output is closed, so what was to be printed is lost; send it to a file or to /dev/null"
FULL = "the disk that standard output goes to is full, so what was to be printed is lost; free some space"


class _Tolerant(io.RawIOBase):
    """A stream that drops what cannot be written and remembers why; None stands for one that is closed."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self.failure: OSError | None = None

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        if self._raw is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return int(self._raw.fileno())

    def isatty(self) -> bool:
        return self._raw is not None and bool(self._raw.isatty())

    def write(self, data: Any) -> int:
        if self.failure is None:
            try:
                if self._raw is None:
                    raise OSError(errno.EBADF, os.strerror(errno.EBADF))
                return self._raw.write(data)  # type: ignore[no-any-return]
            except OSError as error:
                self.failure = error
        return len(data)


def restart_in_utf8() -> None:
    """Starts the program again in Python's UTF-8 mode where Python could name only files with ASCII names.

    That is so in the C locale with ``PYTHONUTF8=0``. The arguments were read as ASCII too, so nothing less helps.
    """
    if os.name == "posix" and codecs.lookup(sys.getfilesystemencoding()).name == "ascii":
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, "PYTHONUTF8": "1"})


def prepare() -> None:
    """Makes the standard streams tolerant, whatever their encoding, and be they closed."""
    _fill_closed_descriptors()
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - lives as long as the program
    # A stream that a test or another program has set stays as it is.
    if sys.stdout is sys.__stdout__:
        sys.stdout = _tolerant(sys.stdout)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _tolerant(sys.stderr)


def why_output_is_lost() -> str | None:
    """Flushes; why some output could not be written, None if all was, or if its reader stopped reading."""
    sys.stdout.flush()
    sys.stderr.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    failure = raw.failure if isinstance(raw, _Tolerant) else None
    if failure is None or isinstance(failure, BrokenPipeError):
        return None
    if failure.errno == errno.EBADF:
        return CLOSED
    if failure.errno in (errno.ENOSPC, errno.EDQUOT):
        return FULL
    return f"standard output cannot be written: {(failure.strerror or str(failure)).lower()}; send it elsewhere"


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letter = error.object[error.start]
    if letter in _PLAIN:
        return _PLAIN[letter], error.start + 1
    one = UnicodeEncodeError(error.encoding, error.object, error.start, error.start + 1, error.reason)
    return codecs.backslashreplace_errors(one)


codecs.register_error(PLAIN, _plain)


def _tolerant(stream: TextIO | None) -> TextIO:
    if stream is None:
        return io.TextIOWrapper(io.BufferedWriter(_Tolerant(None)), "utf-8", PLAIN)
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.flush()
    buffer: Any = stream.buffer
    return io.TextIOWrapper(
        io.BufferedWriter(_Tolerant(getattr(buffer, "raw", buffer))), stream.encoding, PLAIN,
        line_buffering=stream.line_buffering or stream.isatty(), write_through=stream.write_through,
    )  # fmt: skip


def _fill_closed_descriptors() -> None:
    """Opens the null device where 0, 1 or 2 is closed: else the next file that is opened is some program's output."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(handle, True)
    os.close(handle)
