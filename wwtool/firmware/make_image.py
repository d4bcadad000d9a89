#!/usr/bin/env python3
"""Makes an image file of a linked firmware: .bin, .uf2, .hex, or the .bin of an ESP32.

wwtool uses it, and the Makefile of every firmware project runs a copy of it. So both make the same bytes. It needs only
Python's standard library.

UF2: https://github.com/microsoft/uf2. Boot loader: RP2040 datasheet 2.8.1.3.1. Intel HEX: Intel's Hexadecimal Object
File Format Specification, revision A, 1988. ESP32: Espressif's "Firmware Image Format".
"""

from __future__ import annotations

import argparse
import hashlib
import struct
import sys
from collections.abc import Callable
from pathlib import Path

try:
    from wwtool.errors import InputError
except ImportError:  # in a project, which does without wwtool

    class InputError(Exception):  # type: ignore[no-redef]
        """Something that no image can be made of."""


FLASH_BASE = 0x10000000  # RP2040 datasheet 2.2, XIP
RP2040_FAMILY = 0xE48BFF56  # uf2families.json
BOOT2_BYTES = 256
PAYLOAD_BYTES = 256  # RP2040's ROM and Adafruit's boot loader take no other size (RP2040 datasheet 2.8.4.2)
BLOCK_BYTES = 512
UF2_MAGICS = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
UF2_FAMILY_ID = 0x00002000  # a flag: the header has the family
UF2_HEADER = struct.Struct("<8I")
_UF2_DATA_BYTES = BLOCK_BYTES - UF2_HEADER.size - 4
_CRC_POLYNOMIAL = 0x04C11DB7

HEX_RECORD_BYTES = 16
HEX_DATA, HEX_END_OF_FILE, HEX_EXTENDED_LINEAR = 0, 1, 4
_BANK_BYTES = 1 << 16
_ADDRESS_SPACE = 1 << 32

ESP_MAGIC = 0xE9
ESP_CHIPS = {"esp32s3": 9}
ESP_CHECKSUM_SEED = 0xEF
ESP_MODES = {"qio": 0, "qout": 1, "dio": 2, "dout": 3}
ESP_FREQUENCIES = {"80m": 0xF, "40m": 0, "20m": 2}
ESP_SIZES_MB = {1: 0, 2: 1, 4: 2, 8: 3, 16: 4, 32: 5}
_ESP_HEADER = struct.Struct("<4BI B3x HBHH 4x B")  # magic to entry, WP pin, chip, revisions, digest
_ESP_NO_WP_PIN = 0xEE
_ESP_ANY_REVISION = 0xFFFF
# ESP32-S3 TRM, "System and Memory": where data and instructions see flash through the caches.
ESP_MAPPED, _ESP_CODE_IN_FLASH = range(0x3C000000, 0x3E000000), range(0x42000000, 0x44000000)
ESP_SEGMENT_BYTES = 8  # a segment's header: address, length

_SHT_PROGBITS, _SHT_NOBITS = 1, 8  # ELF specification, section and program headers
_SHF_ALLOC = 2
_PT_LOAD = 1


class Section:
    """Bytes that are programmed: at ``address`` once loaded, at ``load_address`` in the image."""

    def __init__(self, address: int, load_address: int, content: bytes) -> None:
        self.address = address
        self.load_address = load_address
        self.content = content


def read_elf(elf: bytes) -> tuple[int, list[Section]]:
    """Returns ``(entry, sections)`` of a 32-bit little-endian ELF: the sections that are programmed, by load address.

    Raises:
        InputError: it is another kind of file, or has nothing to load.
    """
    if elf[:6] != b"\x7fELF\x01\x01":
        raise InputError("the file is not a 32-bit little-endian ELF; build it with the board's compiler")
    try:
        (entry, programs, table) = struct.unpack_from("<3I", elf, 24)
        program_size, program_count, size, count = struct.unpack_from("<4H", elf, 42)
        loads = [struct.unpack_from("<5I", elf, programs + program_size * n) for n in range(program_count)]
        headers = [struct.unpack_from("<6I", elf, table + size * n) for n in range(count)]
    except struct.error as error:
        raise InputError("the ELF is cut off; build it again") from error
    loads = [load for load in loads if load[0] == _PT_LOAD]
    sections = []
    for _, kind, flags, address, offset, length in headers:
        if flags & _SHF_ALLOC and kind not in (0, _SHT_NOBITS) and length:
            shift = next((p - v for _, o, v, p, n in loads if o <= offset and offset + length <= o + n), 0)
            sections.append(Section(address, (address + shift) % _ADDRESS_SPACE, elf[offset : offset + length]))
    if not sections:
        raise InputError("the ELF has nothing to load; build it with the board's link.ld")
    return entry, sorted(sections, key=lambda section: section.load_address)


def raw_image(elf: bytes) -> tuple[int, bytes]:
    """Returns ``(base, image)``: the bytes that an ELF loads, with zeros in the gaps.

    Raises:
        InputError: the file is not an ELF, or its sections overlap or lie too far apart for the flash of one chip.
    """
    _, sections = read_elf(elf)
    base = sections[0].load_address
    image = bytearray()
    for section in sections:
        gap = section.load_address - base - len(image)
        if gap < 0 or gap > 1 << 26:
            raise InputError(
                f"the section at {section.load_address:#x} is far from the others, or overlaps them; correct link.ld"
            )
        image += bytes(gap) + section.content
    return base, bytes(image)


def boot2_crc(boot2: bytes) -> int:
    """Returns the CRC-32 the RP2040's ROM computes: MSB first, initially all ones, nothing reflected or inverted.

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
        family: the chip's number. A boot loader refuses files for another chip.
        entry: where the boot loader looks for the stack pointer and the reset vector, if that is not ``base``. The file
            has the image's first page there as well.
    """
    pages = [(base + start, image[start : start + PAYLOAD_BYTES]) for start in range(0, len(image), PAYLOAD_BYTES)]
    if entry is not None:
        pages.insert(0, (entry, image[:PAYLOAD_BYTES]))
    blocks = []
    for number, (address, page) in enumerate(pages):
        header = UF2_HEADER.pack(*UF2_MAGICS[:2], UF2_FAMILY_ID, address, PAYLOAD_BYTES, number, len(pages), family)
        blocks.append(header + page.ljust(_UF2_DATA_BYTES, b"\0") + struct.pack("<I", UF2_MAGICS[2]))
    return b"".join(blocks)


def _hex_record(kind: int, offset: int, data: bytes) -> str:
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
            lines.append(_hex_record(HEX_EXTENDED_LINEAR, 0, struct.pack(">H", bank)))
        count = min(HEX_RECORD_BYTES, len(image) - position, _BANK_BYTES - address % _BANK_BYTES)
        lines.append(_hex_record(HEX_DATA, address % _BANK_BYTES, image[position : position + count]))
        position += count
    lines.append(_hex_record(HEX_END_OF_FILE, 0, b""))
    return "".join(lines)


def to_esp(elf: bytes, chip: str, mode: str, frequency: str, size_mb: int) -> bytes:
    """Returns an ELF as an image for flash offset 0: an ESP32's ROM copies to RAM what goes there, and starts it.

    Sections at ``ESP_MAPPED`` follow, where the ROM does not see them: the header counts the segments for RAM alone, as
    with esptool's ``--ram-only-header``. Byte n of the flash is at the n-th of these addresses once the program has
    mapped each page of the flash to the page of the same number.

    Args:
        elf: the linked firmware, its code in RAM.
        chip: one of ``ESP_CHIPS``.
        mode, frequency, size_mb: of its flash; ``ESP_MODES``, ``ESP_FREQUENCIES``, ``ESP_SIZES_MB``.

    Raises:
        InputError: code is linked into flash, constants are not where they can be in the image, or there is no flash of
            that size.
    """
    if size_mb not in ESP_SIZES_MB:
        raise InputError(f"an ESP32 image cannot be for {size_mb} MB of flash; choose from {list(ESP_SIZES_MB)}")
    entry, sections = read_elf(elf)
    pieces = _esp_pieces(sections)
    in_ram = [piece for piece in pieces if piece[0] not in ESP_MAPPED]
    flash = ESP_SIZES_MB[size_mb] << 4 | ESP_FREQUENCIES[frequency]
    image = bytearray(
        _ESP_HEADER.pack(
            ESP_MAGIC, len(in_ram), ESP_MODES[mode], flash, entry, _ESP_NO_WP_PIN, ESP_CHIPS[chip],
            0, 0, _ESP_ANY_REVISION, 1,
        )
    )  # fmt: skip
    checksum = ESP_CHECKSUM_SEED
    for address, content in in_ram:
        image += struct.pack("<II", address, len(content)) + content
        for byte in content:
            checksum ^= byte
    image += bytes(15 - len(image) % 16) + bytes([checksum])  # the last byte of a block of 16
    image += hashlib.sha256(image).digest()
    for address, content in pieces:
        if address in ESP_MAPPED:
            image += _esp_gap(len(image), address) + struct.pack("<II", address, len(content)) + content
    if len(image) > size_mb << 20:
        raise InputError(f"the image of {len(image):,} bytes exceeds {size_mb} MB of flash; take a smaller model")
    return bytes(image)


def _esp_pieces(sections: list[Section]) -> list[tuple[int, bytes]]:
    """Addresses and bytes, those that touch as one, by address and padded to words."""
    pieces: list[tuple[int, bytes]] = []
    for section in sorted(sections, key=lambda section: section.address):
        if section.address in _ESP_CODE_IN_FLASH:
            raise InputError(f"the section at {section.address:#x} is code linked into flash; link all code into RAM")
        if pieces and pieces[-1][0] + len(pieces[-1][1]) == section.address:
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + section.content)
        else:
            pieces.append((section.address, section.content))
    return [(address, content + bytes(-len(content) % 4)) for address, content in pieces]


def _esp_gap(end: int, address: int) -> bytes:
    """A segment for no address, between the end of an image and the header of a segment at a mapped address."""
    length = address - ESP_MAPPED.start - end - 2 * ESP_SEGMENT_BYTES
    if length < 0:
        raise InputError(
            f"the section at {address:#x} needs the flash from {address - ESP_MAPPED.start:#x} on, where the image "
            f"still has its part for RAM; link it at {ESP_MAPPED.start + end + 2 * ESP_SEGMENT_BYTES:#x} or later"
        )
    return struct.pack("<II", 0, length) + bytes(length)


class Recipe:
    """What an image file needs beyond the ELF.

    Attributes:
        boot2: the image begins with a boot loader that needs its checksum.
        family, entry: of :func:`to_uf2`.
        esp: chip, mode, frequency and MB of flash of :func:`to_esp`; None: the image is the flash as it is.
    """

    def __init__(
        self, boot2: bool = False, family: int = RP2040_FAMILY, entry: int | None = None,
        esp: tuple[str, str, str, int] | None = None,
    ) -> None:  # fmt: skip
        self.boot2 = boot2
        self.family = family
        self.entry = entry
        self.esp = esp

    def arguments(self) -> list[str]:
        """The options of the command line that mean the same."""
        words = ["--boot2"] if self.boot2 else []
        words += ["--family", f"{self.family:#x}"] if self.family != RP2040_FAMILY else []
        words += ["--entry", f"{self.entry:#x}"] if self.entry is not None else []
        return words + (["--esp", ",".join(map(str, self.esp))] if self.esp else [])


def make(elf: bytes, kind: str, recipe: Recipe) -> bytes:
    """Returns the image file of one of ``KINDS``.

    Raises:
        InputError: no such file can be made of this ELF.
    """
    if recipe.esp is not None:
        return to_esp(elf, *recipe.esp)
    base, image = raw_image(elf)
    image = patch_boot2(image) if recipe.boot2 else image
    return KINDS[kind](image, base, recipe)


KINDS: dict[str, Callable[[bytes, int, Recipe], bytes]] = {
    "bin": lambda image, base, recipe: image,
    "uf2": lambda image, base, recipe: to_uf2(image, base, recipe.family, recipe.entry),
    "hex": lambda image, base, recipe: to_hex(image, base).encode(),
}


def _esp(text: str) -> tuple[str, str, str, int]:
    chip, mode, frequency, size = text.split(",")
    if chip not in ESP_CHIPS or mode not in ESP_MODES or frequency not in ESP_FREQUENCIES:
        raise ValueError(text)
    return chip, mode, frequency, int(size)


def main(words: list[str]) -> int:
    """The command line; the file's ending says its kind. Returns the exit status."""
    parser = argparse.ArgumentParser(description="Makes an image file of a linked firmware.")
    parser.add_argument("elf")
    parser.add_argument("image", help="ends in .bin, .uf2 or .hex")
    parser.add_argument("--boot2", action="store_true", help="put the RP2040's boot loader's checksum in")
    parser.add_argument("--family", type=lambda word: int(word, 0), default=RP2040_FAMILY, help="of a .uf2")
    parser.add_argument("--entry", type=lambda word: int(word, 0), help="where a .uf2 has the first page as well")
    parser.add_argument("--esp", type=_esp, metavar="CHIP,MODE,FREQUENCY,MB", help="an ESP32's image, for this flash")
    given = parser.parse_args(words)
    target = Path(given.image)
    kind = target.suffix[1:]
    if kind not in KINDS:
        parser.error(f"{target} does not end in {', '.join(f'.{name}' for name in KINDS)}")
    partial = target.with_name(target.name + ".partial")
    try:
        recipe = Recipe(given.boot2, given.family, given.entry, given.esp)
        partial.write_bytes(make(Path(given.elf).read_bytes(), kind, recipe))
        partial.replace(target)
    except (InputError, OSError) as error:
        sys.stderr.write(f"{parser.prog}: cannot make {target} of {given.elf}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
