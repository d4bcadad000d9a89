"""ESP32 images, read as the chip's ROM reads them. ``make_image`` writes them."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from functools import reduce
from operator import xor
from pathlib import Path

from wwtool.base.files import write_bytes
from wwtool.errors import InputError, ToolError
from wwtool.firmware.make_image import ESP_CHECKSUM_SEED, ESP_CHIPS, ESP_MAGIC, ESP_MAPPED, ESP_SEGMENT_BYTES, to_esp
from wwtool.platforms.profile import Platform

_CHIP_NAMES = {number: name for name, number in ESP_CHIPS.items()}
_HEADER_BYTES = 24
_SHA256_BYTES = 32


@dataclass(frozen=True)
class Segment:
    """Bytes that the ROM copies to ``address`` before it enters the program."""

    address: int
    content: bytes


@dataclass(frozen=True)
class Mapped:
    """Bytes that stay in flash at ``offset`` and are read at ``address`` once the program has mapped their pages."""

    address: int
    offset: int
    length: int


@dataclass(frozen=True)
class EspImage:
    """The content of a ``.bin`` at flash offset 0.

    Attributes:
        segments: what the ROM loads.
        mapped: what it does not see.
        content: all of the file.
    """

    chip: str
    entry: int
    segments: tuple[Segment, ...]
    mapped: tuple[Mapped, ...] = ()
    content: bytes = b""


def esp_image_arguments(platform: Platform) -> tuple[str, str, str, int]:
    """Chip, flash mode, flash frequency and MB of flash, for the header of an image.

    Raises:
        InputError: the platform's profile has no section flash_chip.
    """
    chip = platform.flash_chip
    if chip is None:
        raise InputError(f"{platform.file} has no section flash_chip; add one with mode and frequency")
    return chip.esptool_chip, chip.mode, chip.frequency, platform.memory.flash_bytes >> 20


def to_esp_image(platform: Platform, elf: Path, target: Path) -> bytes:
    """Turns an ELF into an image at ``target`` and returns it.

    Raises:
        ToolError: no image can be made of the ELF.
    """
    try:
        content = to_esp(elf.read_bytes(), *esp_image_arguments(platform))
    except InputError as error:
        raise ToolError(f"cannot make an image of {elf.name}: {error}") from error
    write_bytes(target, content)
    return content


def parse_esp_image(content: bytes) -> EspImage:
    """Reads an image, with the checks of the ROM.

    Raises:
        InputError: it is damaged, or no such image.
    """
    if content[:1] != bytes([ESP_MAGIC]):
        raise InputError("this is no ESP32 image: its first byte is not 0xE9; give the .bin that wwtool build wrote")
    if len(content) < _HEADER_BYTES:
        raise _damaged("it ends within its header")
    count, has_digest = content[1], content[23]
    (entry,) = struct.unpack_from("<I", content, 4)
    (chip,) = struct.unpack_from("<H", content, 12)
    if chip not in _CHIP_NAMES:
        raise InputError(f"the image is for chip {chip}, not for an ESP32-S3; build it again")
    place = _HEADER_BYTES
    segments = []
    for _ in range(count):
        if place + 8 > len(content):
            raise _damaged("it ends within a segment")
        address, length = struct.unpack_from("<II", content, place)
        place += 8
        segments.append(Segment(address, content[place : place + length]))
        place += length
    end = place | 15  # the checksum is the last byte of a block of 16
    if end >= len(content):
        raise _damaged("it ends within a segment")
    checksum = reduce(xor, (byte for segment in segments for byte in segment.content), ESP_CHECKSUM_SEED)
    if content[end] != checksum:
        raise _damaged("its checksum is wrong")
    digest = content[end + 1 : end + 1 + _SHA256_BYTES]
    if has_digest and digest != hashlib.sha256(content[: end + 1]).digest():
        raise _damaged("its SHA-256 is wrong")
    mapped = _mapped(content, end + 1 + (_SHA256_BYTES if has_digest else 0))
    return EspImage(_CHIP_NAMES[chip], entry, tuple(segments), mapped, content)


def _mapped(content: bytes, place: int) -> tuple[Mapped, ...]:
    """The segments behind those for RAM, without gaps, up to whatever is none."""
    found = []
    while place + ESP_SEGMENT_BYTES <= len(content):
        address, length = struct.unpack_from("<II", content, place)
        place += ESP_SEGMENT_BYTES
        if address and address not in ESP_MAPPED:
            break
        if place + length > len(content):
            raise _damaged("it ends within a segment")
        if address:
            found.append(Mapped(address, place, length))
        place += length
    return tuple(found)


def _damaged(why: str) -> InputError:
    return InputError(f"the ESP32 image is damaged: {why}; run wwtool build again")
