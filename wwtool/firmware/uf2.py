"""UF2 files, and the checksum of the RP2040's second-stage boot loader.

UF2: https://github.com/microsoft/uf2. Boot loader: RP2040 datasheet 2.8.1.3.1. Bytes in, bytes out.
"""

from __future__ import annotations

import struct

from wwtool.errors import InputError

FLASH_BASE = 0x10000000  # RP2040 datasheet 2.2, XIP
RP2040_FAMILY = 0xE48BFF56  # uf2families.json
BOOT2_BYTES = 256
PAYLOAD_BYTES = 256  # RP2040's ROM and Adafruit's boot loader take no other size (RP2040 datasheet 2.8.4.2)
BLOCK_BYTES = 512

_MAGIC_START_0 = 0x0A324655
_MAGIC_START_1 = 0x9E5D5157
_MAGIC_END = 0x0AB16F30
_FLAG_FAMILY_ID = 0x00002000
_HEADER = struct.Struct("<8I")
_DATA_AREA_BYTES = BLOCK_BYTES - _HEADER.size - 4
_CRC_POLYNOMIAL = 0x04C11DB7


def boot2_crc(boot2: bytes) -> int:
    """Returns the CRC-32 the mask ROM computes: MSB first, initially all ones, nothing reflected or inverted.

    >>> hex(boot2_crc(b"123456789"))
    '0x376e6e7'
    """
    crc = 0xFFFFFFFF
    for byte in boot2:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (_CRC_POLYNOMIAL if crc & 0x80000000 else 0)
            crc &= 0xFFFFFFFF
    return crc


def patch_boot2(image: bytes) -> bytes:
    """Returns the image with the checksum of its first 252 bytes in the next four.

    Raises:
        InputError: the image ends within the boot loader.
    """
    if len(image) <= BOOT2_BYTES:
        raise InputError(
            f"a Pico image of {len(image)} bytes holds no program after the {BOOT2_BYTES}-byte boot2; "
            "link it with the board's link.ld"
        )
    crc = boot2_crc(image[: BOOT2_BYTES - 4])
    return image[: BOOT2_BYTES - 4] + struct.pack("<I", crc) + image[BOOT2_BYTES:]


def to_uf2(image: bytes, base: int = FLASH_BASE, family: int = RP2040_FAMILY, entry: int | None = None) -> bytes:
    """Returns the image as UF2 blocks for flash from address ``base``; the last page is filled with zeros.

    Args:
        image: what lies at ``base``.
        base: its address.
        family: the chip's, by which a boot loader refuses what is for another.
        entry: where the boot loader looks for the stack pointer and the reset vector, if not at ``base``: the image's
            first page is there as well.
    """
    pages = [(base + start, image[start : start + PAYLOAD_BYTES]) for start in range(0, len(image), PAYLOAD_BYTES)]
    if entry is not None:
        pages.insert(0, (entry, image[:PAYLOAD_BYTES]))
    blocks = []
    for number, (address, page) in enumerate(pages):
        header = _HEADER.pack(
            _MAGIC_START_0, _MAGIC_START_1, _FLAG_FAMILY_ID, address, PAYLOAD_BYTES, number, len(pages), family
        )
        blocks.append(header + page.ljust(_DATA_AREA_BYTES, b"\0") + struct.pack("<I", _MAGIC_END))
    return b"".join(blocks)


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
        magic0, magic1, flags, address, size, index, count, block_family = _HEADER.unpack_from(block)
        magics = (magic0, magic1, struct.unpack_from("<I", block, BLOCK_BYTES - 4)[0])
        if magics != (_MAGIC_START_0, _MAGIC_START_1, _MAGIC_END):
            raise InputError(f"UF2 block {number} has wrong magic numbers; the file is damaged")
        if not flags & _FLAG_FAMILY_ID or block_family != family:
            raise InputError(f"UF2 block {number} is for family {block_family:#x}, not {family:#x}")
        base = address if number == first else base
        place = base + (number - first) * PAYLOAD_BYTES if number >= first else entry
        expected = (place, PAYLOAD_BYTES, number, len(uf2) // BLOCK_BYTES)
        if (address, size, index, count) != expected:
            raise InputError(f"UF2 block {number} is out of order or of an odd size; the file is damaged")
        parts.append(block[_HEADER.size : _HEADER.size + PAYLOAD_BYTES])
    if entry is not None and parts[:1] != parts[1:2]:
        raise InputError(f"the page that the UF2 file has for {entry:#x} is not the image's first; the file is damaged")
    return base, b"".join(parts[first:])
