"""Zip files, read by their local headers (APPNOTE.TXT of PKWARE, section 4.3). Parts of a split one may be joined."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from wwtool.data.archives.incoming import Incoming, Member
from wwtool.errors import InputError

_LOCAL, _DESCRIPTOR, _DIRECTORY = b"PK\x03\x04", b"PK\x07\x08", (b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06")
_HEADER = struct.Struct("<HHHHHIIIHH")
_ENCRYPTED, _SIZES_FOLLOW, _UTF8 = 0x1, 0x8, 0x800
_STORED, _DEFLATED = 0, 8
_ZIP64, _UNKNOWN = 1, 0xFFFFFFFF
_CHUNK_BYTES = 1 << 18


def zip_members(incoming: Incoming) -> Iterator[Member]:
    """Files in the order in which they lie in the archive."""
    while True:
        signature = incoming.read(4)
        if signature == _DESCRIPTOR:  # the mark of a split archive, at its beginning
            continue
        if signature in _DIRECTORY:
            return
        if signature != _LOCAL:
            raise _damaged("a file does not begin where it should")
        _, flags, method, _, _, crc, packed, _, name_size, extra_size = _HEADER.unpack(_exactly(incoming, 26))
        name = _exactly(incoming, name_size).decode("utf-8" if flags & _UTF8 else "cp437", "replace")
        sizes = _zip64(_exactly(incoming, extra_size))
        large = sizes is not None
        if sizes is not None and packed == _UNKNOWN:
            packed = sizes
        if flags & _ENCRYPTED or method not in (_STORED, _DEFLATED) or (method == _STORED and flags & _SIZES_FOLLOW):
            raise _damaged("a file is packed in a way that cannot be read while it comes")
        content = _stored(incoming, packed) if method == _STORED else _inflated(incoming)
        checked = _checked(content, None if flags & _SIZES_FOLLOW else crc)
        if not name.endswith("/"):
            yield name, checked
        for _ in checked:  # what nobody has read
            pass
        if flags & _SIZES_FOLLOW:
            _skip_descriptor(incoming, large)


def _checked(content: Iterator[bytes], crc: int | None) -> Iterator[bytes]:
    actual = 0
    for chunk in content:
        actual = zlib.crc32(chunk, actual)
        yield chunk
    if crc is not None and actual != crc:
        raise _damaged("a file's checksum is wrong")


def _stored(incoming: Incoming, size: int) -> Iterator[bytes]:
    while size:
        chunk = _exactly(incoming, min(size, _CHUNK_BYTES))
        size -= len(chunk)
        yield chunk


def _inflated(incoming: Incoming) -> Iterator[bytes]:
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    while not unpack.eof:
        packed = unpack.unconsumed_tail or incoming.some()
        if not packed:
            raise _damaged("it ends too early")
        try:
            chunk = unpack.decompress(packed, _CHUNK_BYTES)
        except zlib.error as error:
            raise _damaged(str(error)) from error
        if chunk:
            yield chunk
    incoming.push_back(unpack.unused_data)


def _skip_descriptor(incoming: Incoming, large: bool) -> None:
    """Checksum and sizes after a file, with or without a signature."""
    first = _exactly(incoming, 4)
    rest = (16 if large else 8) + (4 if first == _DESCRIPTOR else 0)
    _exactly(incoming, rest)


def _zip64(extra: bytes) -> int | None:
    """The packed size of a file of 4 GiB or more, which stands among the extra fields; None if there is none."""
    while len(extra) >= 4:
        tag, size = struct.unpack_from("<HH", extra)
        if tag == _ZIP64:
            return int.from_bytes(extra[12:20], "little") if size >= 16 else 0
        extra = extra[4 + size :]
    return None


def _exactly(incoming: Incoming, size: int) -> bytes:
    content = incoming.read(size)
    if len(content) < size:
        raise _damaged("it ends too early")
    return content


def _damaged(reason: str) -> InputError:
    return InputError(f"the zip file is damaged or of another kind: {reason}; get it again")
