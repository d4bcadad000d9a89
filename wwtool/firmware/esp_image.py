"""ESP32 images: made by esptool from a linked ELF, and read back as the chip's ROM reads them."""

from __future__ import annotations

import hashlib
import struct
import subprocess
import sys
from dataclasses import dataclass
from functools import reduce
from operator import xor
from pathlib import Path

from wwtool.errors import InputError, ToolError
from wwtool.profile import Platform

# esptool's documentation, "Firmware Image Format".
ESP_IMAGE_MAGIC = 0xE9
_CHIP_IDS = {9: "esp32s3"}
_HEADER_BYTES = 24
_CHECKSUM_SEED = 0xEF
_SHA256_BYTES = 32


@dataclass(frozen=True)
class Segment:
    """Bytes that the ROM copies to ``address`` before it enters the program."""

    address: int
    content: bytes


@dataclass(frozen=True)
class EspImage:
    """What a ``.bin`` at flash offset 0 says."""

    chip: str
    entry: int
    segments: tuple[Segment, ...]


def esp_image_arguments(platform: Platform) -> list[str]:
    """esptool's arguments that turn an ELF into an image; the ELF and ``-o BIN`` follow.

    Raises:
        InputError: the platform's profile says nothing of its flash chip.
    """
    if platform.flash_chip is None:
        raise InputError(f"{platform.name}.yaml has no section flash_chip, which esptool needs; add mode and frequency")
    size = f"{platform.memory.flash_bytes >> 20}MB"
    chip = platform.flash_chip
    return [
        "--chip", chip.esptool_chip, "elf2image",
        "--flash-mode", chip.mode, "--flash-freq", chip.frequency, "--flash-size", size,
    ]  # fmt: skip


def write_command(platform: Platform, image: str) -> str:
    """The line that flashes an image."""
    chip = platform.flash_chip.esptool_chip if platform.flash_chip else "auto"
    return f"esptool --chip {chip} --port PORT write-flash 0x0 {image}"


def to_esp_image(platform: Platform, elf: Path, target: Path) -> bytes:
    """Turns an ELF into an image at ``target`` and returns it.

    Raises:
        ToolError: esptool is missing or does not take the ELF.
    """
    command = [sys.executable, "-m", "esptool", *esp_image_arguments(platform), "-o", str(target), str(elf)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No module named esptool" in result.stderr:
        raise ToolError("esptool was not found; get it with: pip install 'esptool>=5'")
    if result.returncode != 0:
        said = (result.stderr or result.stdout).strip().splitlines()
        raise ToolError(f"esptool cannot make an image of {elf.name}: {said[-1] if said else 'it gave no reason'}")
    return target.read_bytes()


def parse_esp_image(content: bytes) -> EspImage:
    """Reads an image and checks what the ROM checks.

    Raises:
        InputError: it is damaged, or none.
    """
    if content[:1] != bytes([ESP_IMAGE_MAGIC]):
        raise InputError("this is no ESP32 image: its first byte is not 0xE9; give the .bin that wwtool build wrote")
    if len(content) < _HEADER_BYTES:
        raise _damaged("it ends within its header")
    count, has_digest = content[1], content[23]
    (entry,) = struct.unpack_from("<I", content, 4)
    (chip,) = struct.unpack_from("<H", content, 12)
    if chip not in _CHIP_IDS:
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
    checksum = reduce(xor, (byte for segment in segments for byte in segment.content), _CHECKSUM_SEED)
    if content[end] != checksum:
        raise _damaged("its checksum is wrong")
    digest = content[end + 1 : end + 1 + _SHA256_BYTES]
    if has_digest and digest != hashlib.sha256(content[: end + 1]).digest():
        raise _damaged("its SHA-256 is wrong")
    return EspImage(_CHIP_IDS[chip], entry, tuple(segments))


def _damaged(why: str) -> InputError:
    return InputError(f"the ESP32 image is damaged: {why}; run wwtool build again")
