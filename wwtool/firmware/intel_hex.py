"""Intel HEX files, which debug probes take: an image and where it belongs. Text in and out, bytes in and out.

Record types: Intel's Hexadecimal Object File Format Specification, revision A, 1988.
"""

from __future__ import annotations

import struct

from wwtool.errors import InputError

RECORD_BYTES = 16

_DATA = 0
_END_OF_FILE = 1
_EXTENDED_LINEAR = 4
_START_LINEAR = 5
_BANK_BYTES = 1 << 16
_ADDRESS_SPACE = 1 << 32


def _record(kind: int, offset: int, data: bytes) -> str:
    content = struct.pack(">BHB", len(data), offset, kind) + data
    return f":{content.hex().upper()}{-sum(content) & 0xFF:02X}\n"


def to_hex(image: bytes, base: int) -> str:
    """Returns the image as Intel HEX with data from address ``base`` on.

    >>> print(to_hex(bytes([1, 2]), 0x10000), end="")
    :020000040001F9
    :020000000102FB
    :00000001FF
    """
    if base < 0 or base + len(image) > _ADDRESS_SPACE:
        raise InputError(f"an image of {len(image)} bytes at {base:#x} reaches beyond 32-bit addresses")
    lines = []
    bank = 0
    position = 0
    while position < len(image):
        address = base + position
        if address >> 16 != bank:
            bank = address >> 16
            lines.append(_record(_EXTENDED_LINEAR, 0, struct.pack(">H", bank)))
        count = min(RECORD_BYTES, len(image) - position, _BANK_BYTES - address % _BANK_BYTES)
        lines.append(_record(_DATA, address % _BANK_BYTES, image[position : position + count]))
        position += count
    lines.append(_record(_END_OF_FILE, 0, b""))
    return "".join(lines)


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
        if kind == _DATA:
            address = (bank << 16) + offset
            base = address if not image else base
            if address != base + len(image):
                raise InputError(f"Intel HEX line {number} leaves a gap or goes back; the data are not one piece")
            image += data
        elif kind == _EXTENDED_LINEAR and len(data) == 2:
            bank = struct.unpack(">H", data)[0]
        elif kind == _END_OF_FILE:
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
