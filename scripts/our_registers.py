"""The registers that this project names: in the emulators' tables, and in the headers of the boards' C."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vendor_registers import Macros, defines, integer

from wwtool.emulators import esp32s3_registers, rp2040_facts

BOARDS = Path(__file__).parents[1] / "firmware_templates" / "boards"
_HEADERS = {
    "esp32s3": ["esp32s3.h"],
    "pico": ["rp2040.h", "../usb_cdc/usb_controller.h", "usb_regs.h"],
    "nano33ble": ["nrf52840.h", "usb_regs.h"],
}
_STRUCT = re.compile(r"struct (\w+) \{(.*?)\};", re.S)
_MEMBER = re.compile(r"(?:volatile )?(uint32_t|uint8_t|struct (\w+)) (\w+)(?:\[(.+?)\])?;")
_AT = re.compile(r"\(?REG(?:_AT\((volatile uint32_t|struct (\w+)),|\()\s*(.+?)\)(?:\s*\+\s*\((\w+)\)\))?$")
_EXTRACTED = re.compile(r"\(\(?\w+\)?(?: >> (\d+)\))? ?(?:>> (\d+) )?& (0x[0-9A-Fa-f]+|\d+)u?\)$")
_CORE = 0xE0000000
_ERRATA = 0xC00  # registers of the nRF52840 from here on are not documented


@dataclass(frozen=True)
class Ours:
    """A register; ``bits``: those that a program may write or clear, None if it is not said; ``reset``: as ``bits``."""

    name: str
    at: int
    bits: int | None = None
    clears: int = 0
    reset: int | None = None


@dataclass(frozen=True)
class Bits:
    """A macro for some bits of a register."""

    name: str
    mask: int


def of_tables(board: str) -> list[Ours]:
    """What the emulator of a board knows."""
    return list({"esp32s3": _esp32s3, "pico": _pico, "nano33ble": _nano33ble}[board]())


def _esp32s3() -> Iterator[Ours]:
    for address, one in esp32s3_registers.registers().items():
        reset = one.start if one.source.startswith("reset") else None
        yield Ours(one.name, address, one.writes, reset=reset)


def _pico() -> Iterator[Ours]:
    for one in rp2040_facts.registers():
        for number in range(one.count):
            yield Ours(one.name, one.at + number * one.stride, one.writes, one.clears, one.reset)


def _nano33ble() -> Iterator[Ours]:
    from wwtool.emulators.nrf52840.registers import Peripheral
    from wwtool.platforms.load import load_platform

    for part in _nano_parts(load_platform("nano33ble").memory.application_origin):
        assert isinstance(part, Peripheral)
        if part.base >= _CORE:
            continue
        interrupts = sum(part._bits.values())
        for offset in sorted(
            {*part.values, *part.tasks, *part.events, *part.hooks, *((0x304, 0x308) if interrupts else ())}
        ):
            kind = "TASKS" if offset in part.tasks else "EVENTS" if offset in part.events else ""
            known = ~part._reserved.get(offset, 0) & 0xFFFFFFFF
            bits = interrupts if offset in (0x304, 0x308) else known
            kind = "of errata" if offset >= _ERRATA else kind
            yield Ours(f"{part.name} {kind}".strip(), part.base + offset, None if bits == 0xFFFFFFFF else bits)


def _nano_parts(origin: int) -> list[object]:
    from wwtool.emulators.nrf52840.core import Chip

    image = struct.pack("<2I", 0x20040000, origin + 9) + bytes(64)
    return list(Chip(image, origin, 64_000_000, 1.0, b"", lambda data: None, lambda data: None, start="probe")._parts)


def of_headers(board: str) -> tuple[list[Ours], list[Bits]]:
    """What the board's C names: registers, and bits."""
    return parsed("\n".join((BOARDS / board / name).read_text() for name in _HEADERS[board]))


def parsed(text: str) -> tuple[list[Ours], list[Bits]]:
    """The registers and the bits that a header of ours names."""
    macros = Macros({**defines(text), **_enumerated(text)})
    structs = _structs(text, macros)
    registers: list[Ours] = []
    bits: list[Bits] = []
    for name, (parameter, body) in macros.known.items():
        if name in ("REG", "REG_AT"):
            continue
        if match := _AT.match(body):
            registers += _registers(name, parameter, match, structs, macros)
        elif (mask := _mask(name, parameter, body, macros)) is not None:
            bits.append(Bits(name, mask))
    return registers, bits


def _enumerated(text: str) -> dict[str, tuple[str | None, str]]:
    found = re.findall(r"enum \{ (\w+) = (\d+)\b", text)
    return {name: (None, value) for name, value in found}


def _structs(text: str, macros: Macros) -> dict[str, tuple[int, list[tuple[str, int]]]]:
    """Sizes, and names and offsets of the words of structures."""
    structs: dict[str, tuple[int, list[tuple[str, int]]]] = {}
    for name, body in _STRUCT.findall(re.sub(r"/\*.*?\*/", "", text, flags=re.S)):
        offset, words = 0, []
        for kind, inner, member, count in _MEMBER.findall(body):
            size, parts = structs[inner] if inner else (4 if kind == "uint32_t" else 1, [("", 0)])
            for number in range(integer(count, macros.value) if count else 1):
                if kind != "uint8_t":
                    words += [(f"{member}{number if count else ''} {part}".strip(), offset + at) for part, at in parts]
                offset += size
        structs[name] = offset, [(word, at) for word, at in words if not word.startswith(("reserved", "other_"))]
    return structs


def _registers(
    name: str,
    parameter: str | None,
    match: re.Match[str],
    structs: dict[str, tuple[int, list[tuple[str, int]]]],
    macros: Macros,
) -> Iterator[Ours]:
    _, kind, place, index = match.groups()
    size, words = structs[kind] if kind else (4, [("", 0)])
    for argument in (0, 1) if parameter else (0,):
        base = integer(place, lambda used, a=argument: a if used == parameter else macros.value(used))  # type: ignore[misc]
        base += size * argument if index else 0
        for word, offset in words:
            yield Ours(f"{name} {word}".strip(), base + offset)


def _mask(name: str, parameter: str | None, body: str, macros: Macros) -> int | None:
    """The bits of a macro; those that a field's value of one sets where it has a parameter; None: it has none."""
    if parameter is not None and (match := _EXTRACTED.match(body)):
        return int(match[3], 0) << int(match[1] or match[2] or 0)
    try:
        values = [macros.value(name, argument) for argument in ((1, 2) if parameter else (0,))]
    except (ValueError, KeyError):
        return None
    return next((value & 0xFFFFFFFF for value in values if value), 0)
