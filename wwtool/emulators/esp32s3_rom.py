"""Calls of the ESP32-S3's firmware into the ROM, on a core that has no register windows.

The firmware's own code puts the arguments where the windowed ABI has them, and this model takes them there. It skips
the instructions for the windows' registers, which QEMU's core does not have, and does the work of the ROM's functions.
As they may, these change all registers of the window that they get.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, Protocol

from wwtool.emulators.esp32s3_flash import Flash
from wwtool.emulators.esp32s3_registers import MisuseError
from wwtool.emulators.gdb_stub import GdbStub

_A1, _A4, _A10, _PC, _PS, _VECBASE = 1, 4, 10, 16, 21, 41  # QEMU's order of registers, for its lx106
_CALL_BYTES = 3
_ROM_VECTORS = 0x40000000
_PS_WINDOWS, _PS_EXCEPTION = 1 << 18, 1 << 4
_BASE_SAVE = -12  # of a caller's stack pointer, from its callee's (Xtensa ISA manual, "Windowed Register Usage")
_EXTRA_BYTES = 32  # below a caller's stack pointer: a4 to a7 of a function that calls with CALL8
# ESP-IDF, esp_rom/esp32s3/ld/esp32s3.rom.ld.
_WRITE_ANALOGUE, _CACHE_ENABLE, _CACHE_DISABLE, _CACHE_MODE = 0x40005D6C, 0x40001890, 0x40001884, 0x40001A28
_CHANGED: Final = [0xBAD00000 + number for number in range(6)]  # what a10 to a15 have after a call


class _Chip(Protocol):
    """What the ROM's functions work on."""

    stub: GdbStub
    flash: Flash

    def write_analogue(self, block: int, number: int, high: int, low: int, value: int) -> None: ...
    def pass_time(self) -> None: ...


@dataclass(frozen=True)
class Rom:
    """Where a firmware calls the ROM (boards/esp32s3/rom_call.S)."""

    windows: int
    windows_end: int
    call_site: int

    @property
    def stops(self) -> tuple[int, int]:
        """Where the core has to be stopped."""
        return self.windows, self.call_site

    def answer(self, chip: _Chip, core: list[int]) -> None:
        """Does the work of the function that the core is about to call, or skips what it cannot do.

        Raises:
            MisuseError: the ROM would not work as the program expects.
        """
        core = [*core]
        if core[_PC] == self.windows:
            core[_PC] = self.windows_end
        else:
            self._check(chip, core)
            chip.pass_time()
            core[_A10] = self._call(chip, core[_A4], core[_A10 : _A10 + 6])
            core[_A10 + 1 : _A10 + 6] = _CHANGED[1:]
            core[_PC] += _CALL_BYTES
        chip.stub.set_registers(core)

    def _check(self, chip: _Chip, core: list[int]) -> None:
        if not core[_PS] & _PS_WINDOWS or core[_PS] & _PS_EXCEPTION:
            raise MisuseError(f"it calls the ROM with PS {core[_PS]:#x}, in which windows do not work")
        if core[_VECBASE] != _ROM_VECTORS:
            raise MisuseError(f"it calls the ROM with vectors at {core[_VECBASE]:#x}, which are not for windows")
        (above,) = struct.unpack("<I", chip.stub.read(core[_A1] + _BASE_SAVE, 4))
        if core[_A1] % 16 or above < core[_A1] + _EXTRA_BYTES:
            raise MisuseError(f"it calls the ROM with no room on the stack for its own registers ({core[_A1]:#x})")

    def _call(self, chip: _Chip, function: int, arguments: list[int]) -> int:
        if function == _WRITE_ANALOGUE:
            block, _, *rest = arguments
            chip.write_analogue(block, *rest)
        elif function == _CACHE_ENABLE:
            chip.flash.enable()
        elif function == _CACHE_DISABLE:
            chip.flash.disable()
        elif function == _CACHE_MODE:
            chip.flash.set_mode(*arguments[:3])
        else:
            raise MisuseError(f"it calls {function:#x}, which is no function of the ROM that it may call")
        return 0
