"""Intel HEX files, read back. ``make_image`` writes them and names the specification.

Text in, bytes out.
"""

from __future__ import annotations

import struct

from wwtool.errors import InputError
from wwtool.firmware.make_image import HEX_DATA, HEX_END_OF_FILE, HEX_EXTENDED_LINEAR, to_hex

__all__ = ["from_hex", "to_hex"]

_START_LINEAR = 5


def from_hex(text: str) -> tuple[int, bytes]:
    """Returns ``(base, image)`` of an Intel HEX file; base is 0 if it has no data.

    Raises:
        InputError: it is damaged, or its data are not one piece.
    """
    base = 0
    bank = 0
    image = bytearray()
    ended = False
    for number, line in enumerate(text.splitlines(), 1):
        if ended:
            raise InputError(f"Intel HEX line {number} comes after the end record; the file is damaged")
        kind, offset, data = _parse(line, number)
        if kind == HEX_DATA:
            address = (bank << 16) + offset
            base = address if not image else base
            if address != base + len(image):
                raise InputError(f"Intel HEX line {number} leaves a gap or goes back; the data are not one piece")
            image += data
        elif kind == HEX_EXTENDED_LINEAR and len(data) == 2:
            bank = struct.unpack(">H", data)[0]
        elif kind == HEX_END_OF_FILE:
            ended = True
        elif kind != _START_LINEAR:
            raise InputError(f"Intel HEX line {number} is of type {kind}, which is not for 32-bit addresses")
    if not ended:
        raise InputError("the Intel HEX file has no end record; it is cut off")
    return base, bytes(image)


def _parse(line: str, number: int) -> tuple[int, int, bytes]:
    try:
        content = bytes.fromhex(line[1:])
    except ValueError:
        content = b""
    if not line.startswith(":") or len(content) < 5 or len(content) != content[0] + 5 or sum(content) & 0xFF:
        raise InputError(f"Intel HEX line {number} is damaged")
    kind, offset = content[3], content[1] << 8 | content[2]
    return kind, offset, content[4:-1]
