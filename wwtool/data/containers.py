"""Finds audio files that are cut short: the header promises more samples than the file has. libsndfile ignores that."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO, Literal

_UNKNOWN_LENGTH = 0x7FFFF000  # recorders that cannot seek back state the largest length
_MOST_CHUNKS = 10_000


def missing_bytes(path: Path) -> int:
    """Bytes of samples that the header of a .wav, .rf64, .w64, .aiff, .8svx or .au file promises but the file lacks.

    Returns 0 for other files.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        magic = file.read(4)
        if magic in (b"RIFF", b"RF64"):
            end = _end_of_samples(file, 12, "little", (b"data",), magic == b"RF64")
        elif magic in (b"RIFX", b"FORM"):
            end = _end_of_samples(file, 12, "big", (b"data", b"SSND", b"BODY"))
        elif magic == b"riff":
            end = _end_of_wave64(file, size)
        elif magic in (b".snd", b"dns."):
            order: Literal["big", "little"] = "big" if magic == b".snd" else "little"
            start, promised = (int.from_bytes(file.read(4), order) for _ in range(2))
            end = 0 if promised >= _UNKNOWN_LENGTH else start + promised
        else:
            end = 0
    return max(0, end - size)


def _end_of_samples(
    file: BinaryIO, start: int, order: Literal["big", "little"], names: tuple[bytes, ...], large: bool = False
) -> int:
    """Where the samples of a RIFF or IFF file end, according to its header; 0 if the header does not say."""
    file.seek(start)
    samples = 0  # an RF64 file has its 64-bit sizes in an earlier chunk
    for _ in range(_MOST_CHUNKS):
        header = file.read(8)
        if len(header) < 8:
            break
        promised = int.from_bytes(header[4:], order)
        if header[:4] == b"ds64" and large:
            content = file.read(16)
            samples = int.from_bytes(content[8:], "little")
            file.seek(promised - len(content), io.SEEK_CUR)
        elif header[:4] in names:
            if large and promised == 0xFFFFFFFF:
                return file.tell() + samples
            return file.tell() + promised if promised < _UNKNOWN_LENGTH else 0
        else:
            file.seek(promised, io.SEEK_CUR)
        file.seek(promised % 2, io.SEEK_CUR)
    return 0


def _end_of_wave64(file: BinaryIO, file_size: int) -> int:
    """Like ``_end_of_samples``. Wave64 chunks have a 16-byte name and an 8-byte size that includes this header.

    They are aligned to 8 bytes.
    """
    file.seek(40)
    for _ in range(_MOST_CHUNKS):
        position, header = file.tell(), file.read(24)
        size = int.from_bytes(header[16:], "little")
        if header[:4] == b"data" and len(header) == 24:
            return position + size if size < 1 << 62 else 0
        if not 24 <= size <= file_size:
            break
        file.seek(position + (size + 7) // 8 * 8)
    return 0
