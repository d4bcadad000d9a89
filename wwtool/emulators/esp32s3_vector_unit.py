"""The ESP32-S3's vector unit, which QEMU's core does not have: an interpreter beside the program (``pie.c``).

Its instructions are illegal ones to QEMU, which raises an exception. So where a program enables the unit, the
interpreter is put into memory where the chip has none, and the vector of exceptions leads to it. It does the
instructions that it knows; every other exception goes on to the program's own handler, as does an instruction of the
unit while the unit is off.
"""

from __future__ import annotations

import re
import struct

from wwtool.base.assets import asset_dir
from wwtool.base.programs import run_program
from wwtool.base.temporary import TemporaryFolder
from wwtool.base.text import one_line
from wwtool.emulators.esp32s3_chip import PC, Chip
from wwtool.engines.machines import picolibc, pie_flags
from wwtool.errors import ToolError
from wwtool.firmware.esp_image import EspImage
from wwtool.firmware.toolchains.xtensa_lx106 import XtensaLx106

_AT = 0x70000000  # as in pie.ld
_CODE = 0x40000000  # where the core sees instructions, from here on
_WRITES_CPENABLE = re.compile(rb"[\x00\x10\x20\x30\x40\x50\x60\x70\x80\x90\xa0\xb0\xc0\xd0\xe0\xf0]\xe0\x13")
_LENGTH = 3
_VECBASE = 231
# The vector of exceptions in user mode on QEMU's lx106, behind VECBASE; the word in front of it is free.
_VECTOR = 0x50
_TO_INTERPRETER = bytes.fromhex("00d113 01feff a00000")  # wsr a0, excsave1; l32r a0, the word; jx a0
_CYCLES_OF_25 = 32  # 40 MHz * 25 instructions of 2^5 ns


class VectorUnit:
    """The vector unit for one image.

    Attributes:
        places: where the image may enable it. An address at which CPENABLE is not written has no instruction.
    """

    def __init__(self, image: EspImage) -> None:
        self.places = frozenset(
            segment.address + match.start()
            for segment in image.segments
            if segment.address >= _CODE
            for match in _WRITES_CPENABLE.finditer(segment.content)
        )
        self._interpreter = b""

    def enable(self, chip: Chip, core: list[int]) -> None:
        """Writes CPENABLE for the core, which stands before that, and puts the interpreter beside the program.

        Raises:
            ToolError: there is no compiler for the interpreter.
        """
        stub = chip.stub
        self._interpreter = self._interpreter or compiled()
        trap, enabled, fault = struct.unpack_from("<3I", self._interpreter)
        vector = chip.special_register(_VECBASE) + _VECTOR
        handler = _target_of_jump(vector, int.from_bytes(stub.read(vector, _LENGTH), "little"))
        stub.write(_AT, self._interpreter)
        stub.write(enabled, struct.pack("<I", core[stub.read(core[PC], 1)[0] >> 4]))
        stub.write(fault, struct.pack("<I", handler))
        stub.write(vector - 4, struct.pack("<I", trap) + _TO_INTERPRETER)
        stub.set_registers([*core[:PC], core[PC] + _LENGTH, *core[PC + 1 :]])


def _target_of_jump(address: int, code: int) -> int:
    offset = code >> 6
    return address + 4 + (offset - (1 << 18) if offset >> 17 else offset)


def compiled() -> bytes:
    """The interpreter as it lies in memory from ``_AT`` on; it begins with three addresses (pie_trap.S).

    Raises:
        ToolError: the compiler is missing, or failed.
    """
    XtensaLx106.tool.find()
    templates = asset_dir("firmware_templates")
    folder = templates / "emulated" / "xtensa"
    sources = (folder / "pie_trap.S", folder / "pie.c", templates / "boards" / "esp32s3" / "builtins.c")
    with TemporaryFolder("vector-unit") as temporary:
        elf, binary = temporary / "pie.elf", temporary / "pie.bin"
        command = [
            "xtensa-lx106-elf-gcc", "-O2", "-std=c99", *picolibc(), *pie_flags(_CYCLES_OF_25, enabled=False, fault="0"),
            "-mlongcalls", "-mtext-section-literals", "-ffreestanding", "-nostdlib", "-Wl,--no-warn-rwx-segments",
            "-T", str(folder / "pie.ld"), *map(str, sources), "-o", str(elf), "-lc", "-lgcc",
        ]  # fmt: skip
        for arguments in (command, ["xtensa-lx106-elf-objcopy", "-O", "binary", str(elf), str(binary)]):
            result = run_program(arguments, cwd=temporary)
            if result.returncode != 0:
                raise ToolError(f"{arguments[0]} failed on the vector unit: {one_line(result.stderr)[:300]}")
        return binary.read_bytes()
