"""How much space each part of a linked firmware takes, from the linker's map."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_START = "Linker script and memory map"
_OUTPUT = re.compile(r"^(\.[\w.]+)(?:\s+0x[0-9a-f]+\s+0x[0-9a-f]+.*)?$")
_INPUT = re.compile(r"^ ([.\w*]\S*)\s+0x[0-9a-f]+\s+0x([0-9a-f]+)(?:\s+(\S.*?))?\s*$")
_NAME = re.compile(r"^ (\.\S+)$")
_REST = re.compile(r"^\s{10,}0x[0-9a-f]+\s+0x([0-9a-f]+)\s+(\S.*)$")
_CHANGING = (".data", ".bss", ".noinit", "COMMON")
_STRINGS = ".rodata.str"  # merged ones

WEIGHTS, MODEL_CODE, MODEL_MEMORY = "weights", "model code", "arena and state"
FRONT_END, CONSOLE, REST = "audio and front end", "console", "start-up, drivers, libraries"
PARTS = (WEIGHTS, MODEL_CODE, MODEL_MEMORY, FRONT_END, CONSOLE, REST)

# A program may have several models.
_MODEL = re.compile(r"\.(bss|data)\.model(_\d+)?")
_WEIGHTS = re.compile(r"model_\w+_weights\.")
# By the start of an object file's name, which is its path with underscores. The first match counts.
_OWNERS: tuple[tuple[str, str], ...] = (
    ("model_", MODEL_CODE),
    *((f"core_ww_{name}", FRONT_END) for name in ("frontend", "frame", "fft", "mel", "pipeline", "detector")),
    *((f"board_{name}", FRONT_END) for name in ("adc", "pdm", "i2s", "microphone", "dma", "codec", "es7210", "es8311")),
    ("core_", CONSOLE),
    *((f"board_{name}", CONSOLE) for name in ("uart", "usb")),
)


@dataclass(frozen=True)
class Part:
    """Bytes of flash and RAM that one part of a firmware takes. ``resident``: of the RAM, what is code and constants,
    which lie there only where the firmware runs from RAM."""

    name: str
    flash: int
    ram: int
    resident: int = 0


def parts(map_file: Path, in_flash: Mapping[str, int], in_ram: Mapping[str, int]) -> tuple[Part, ...]:
    """The parts of a firmware; together they are all bytes of the output sections ``in_flash`` and ``in_ram``, which
    are sizes by name (a section may be in both)."""
    flash: defaultdict[str, int] = defaultdict(int)
    ram: defaultdict[str, int] = defaultdict(int)
    resident: defaultdict[str, int] = defaultdict(int)
    remaining = {**in_flash, **in_ram}
    for output, section, nbytes, owner in entries(map_file):
        if output not in remaining:
            continue
        remaining[output] -= nbytes
        part = _part(section, owner)
        flash[part] += nbytes if output in in_flash else 0
        ram[part] += nbytes if output in in_ram else 0
        if output in in_ram and not section.startswith(_CHANGING):
            resident[part] += nbytes
    for output, nbytes in remaining.items():  # data of the linker script itself, and gaps
        flash[REST] += nbytes if output in in_flash else 0
        ram[REST] += nbytes if output in in_ram else 0
    return tuple(Part(name, flash[name], ram[name], resident[name]) for name in PARTS)


def _part(section: str, owner: str) -> str:
    if _MODEL.fullmatch(section) and owner.startswith("ww_config."):
        return MODEL_MEMORY
    if _WEIGHTS.match(owner):
        return WEIGHTS
    return next((part for beginning, part in _OWNERS if owner.startswith(beginning)), REST)


def entries(map_file: Path) -> list[tuple[str, str, int, str]]:
    """(output section, input section, bytes, object file) of everything that was linked."""
    pieces: list[tuple[str, str, int, str]] = []
    output = pending = ""
    text = map_file.read_text(encoding="utf-8", errors="replace")
    for line in text[text.find(_START) :].splitlines():
        if started := _OUTPUT.match(line):
            output, pending = started[1], ""
        elif named := _NAME.match(line):
            pending = named[1]
        elif (rest := _REST.match(line)) and pending:
            pieces.append((output, pending, int(rest[1], 16), Path(rest[2]).name))
            pending = ""
        elif entry := _INPUT.match(line):
            nbytes = int(entry[2], 16)
            if entry[1] == "*fill*" and pieces and pieces[-1][1].startswith(_STRINGS):
                # Strings are sorted by hash, so the padding behind them varies; it counts as theirs.
                pieces[-1] = (*pieces[-1][:2], pieces[-1][2] + nbytes, pieces[-1][3])
            elif entry[1] != "*fill*" and entry[3]:  # other padding belongs to no object file
                pieces.append((output, entry[1], nbytes, Path(entry[3]).name))
            pending = ""
        elif line.startswith("/DISCARD/"):
            break
    return pieces
