"""Bytes that come in pieces of any size, as a file that can only be read forwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator


class Incoming:
    """A file made of chunks."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._buffer = b""

    def read(self, size: int = -1) -> bytes:
        """The next ``size`` bytes, fewer only at the end."""
        parts, missing = [], size
        while missing > 0 and (self._buffer or self._fill()):
            part, self._buffer = self._buffer[:missing], self._buffer[missing:]
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def some(self) -> bytes:
        """Whatever comes next; empty at the end."""
        if not self._buffer and not self._fill():
            return b""
        part, self._buffer = self._buffer, b""
        return part

    def push_back(self, content: bytes) -> None:
        """Bytes that were read too many; they come next."""
        self._buffer = content + self._buffer

    def drain(self) -> None:
        """Reads what is left, so that all of it is verified."""
        self._buffer = b""
        for _ in self._chunks:
            pass

    def _fill(self) -> bool:
        for chunk in self._chunks:
            if chunk:
                self._buffer = chunk
                return True
        return False


Member = tuple[str, Iterable[bytes]]
"""A file of an archive: its name, and its content, which is gone when the next member comes."""

Opener = Callable[[Incoming], Iterator[Member]]
"""Reads an archive. Raises InputError if it is damaged."""
