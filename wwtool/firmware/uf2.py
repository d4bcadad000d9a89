"""UF2 files, read as a boot loader reads them. ``make_image`` writes them."""

from __future__ import annotations

import struct

from wwtool.errors import InputError
from wwtool.firmware.make_image import (
    BLOCK_BYTES,
    BOOT2_BYTES,
    FLASH_BASE,
    PAYLOAD_BYTES,
    RP2040_FAMILY,
    UF2_FAMILY_ID,
    UF2_HEADER,
    UF2_MAGICS,
    boot2_crc,
    patch_boot2,
    to_uf2,
)

__all__ = ["BLOCK_BYTES", "BOOT2_BYTES", "FLASH_BASE", "boot2_crc", "from_uf2", "patch_boot2", "to_uf2"]


def from_uf2(uf2: bytes, family: int = RP2040_FAMILY, entry: int | None = None) -> tuple[int, bytes]:
    """Returns ``(base, image)`` of a UF2 file, with the last page's padding.

    Args:
        uf2: the file.
        family: what it must be for.
        entry: where the first page is as well, as in :func:`to_uf2`.

    Raises:
        InputError: not a UF2 file of this family, or its blocks are not one contiguous image.
    """
    if not uf2 or len(uf2) % BLOCK_BYTES:
        raise InputError(f"a UF2 file consists of {BLOCK_BYTES}-byte blocks; this one has {len(uf2)} bytes")
    first = 0 if entry is None else 1  # the number of the block that lies at base
    base = 0
    parts = []
    for number in range(len(uf2) // BLOCK_BYTES):
        block = uf2[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES]
        magic0, magic1, flags, address, size, index, count, block_family = UF2_HEADER.unpack_from(block)
        if (magic0, magic1, struct.unpack_from("<I", block, BLOCK_BYTES - 4)[0]) != UF2_MAGICS:
            raise InputError(f"UF2 block {number} has wrong magic numbers; the file is damaged")
        if not flags & UF2_FAMILY_ID or block_family != family:
            raise InputError(f"UF2 block {number} is for family {block_family:#x}, not {family:#x}")
        base = address if number == first else base
        place = base + (number - first) * PAYLOAD_BYTES if number >= first else entry
        expected = (place, PAYLOAD_BYTES, number, len(uf2) // BLOCK_BYTES)
        if (address, size, index, count) != expected:
            raise InputError(f"UF2 block {number} is out of order or of an odd size; the file is damaged")
        parts.append(block[UF2_HEADER.size : UF2_HEADER.size + PAYLOAD_BYTES])
    if entry is not None and parts[:1] != parts[1:2]:
        raise InputError(f"the page that the UF2 file has for {entry:#x} is not the image's first; the file is damaged")
    return base, b"".join(parts[first:])
