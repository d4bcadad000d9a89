"""QEMU's Cortex-M4 beside Unicorn's on the Nano's own image: front end, model and detector hear the same samples, and
leave the same bytes in the whole of the RAM. QEMU has no nRF52840, so functions are called one by one."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

pytest.importorskip("unicorn")
pytestmark = pytest.mark.skipif(
    not (shutil.which("arm-none-eabi-gcc") and shutil.which("qemu-system-arm")),
    reason="arm-none-eabi-gcc or qemu-system-arm is not installed",
)

from unicorn import UC_ARCH_ARM, UC_MODE_MCLASS, UC_MODE_THUMB, Uc, arm_const  # noqa: E402

from wwtool.budget.dry_build import random_model  # noqa: E402
from wwtool.emulators.gdb_stub import GdbStub  # noqa: E402
from wwtool.evaluation.detector import DetectorConfig  # noqa: E402
from wwtool.firmware.make_image import read_elf  # noqa: E402
from wwtool.firmware.toolchains import find_toolchain  # noqa: E402
from wwtool.models.zoo import ZOO  # noqa: E402
from wwtool.packages.bare_metal.image import build_image  # noqa: E402
from wwtool.packages.bare_metal.project import write_project  # noqa: E402
from wwtool.platforms.load import load_platform  # noqa: E402

RAM, RAM_BYTES, FLASH_BYTES = 0x20000000, 0x40000, 0x100000
STACK, RETURN, STUB, PORT, PIPELINE, EVENT, SAMPLES = (
    RAM + at for at in (0x3E000, 0x3F000, 0x3F010, 0x3F100, 0x30000, 0x3F400, 0x38000)
)
PORT_WORDS, EVENT_BYTES, BLOCK = 32, 64, 160
CPACR, FPU_ON, THUMB_STATE = 0xE000ED88, 0xF << 20, 1 << 24
RETURNS_0 = bytes.fromhex("00207047")  # movs r0, #0; bx lr
STANDS_STILL = bytes.fromhex("fee7")  # b .


class Core(Protocol):
    """A Cortex-M4 with flash at 0 and RAM, and nothing else."""

    def read(self, address: int, count: int) -> bytes: ...
    def write(self, address: int, content: bytes) -> None: ...
    def call(self, function: int, arguments: list[int]) -> int: ...


class UnicornCore:
    def __init__(self) -> None:
        self._uc: Any = Uc(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS)
        self._uc.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M4)
        self._uc.mem_map(0, FLASH_BYTES)
        self._uc.mem_map(RAM, RAM_BYTES)

    def read(self, address: int, count: int) -> bytes:
        return bytes(self._uc.mem_read(address, count))

    def write(self, address: int, content: bytes) -> None:
        self._uc.mem_write(address, content)

    def call(self, function: int, arguments: list[int]) -> int:
        registers = [arm_const.UC_ARM_REG_R0 + n for n in range(4)]
        for register, value in zip(registers, arguments[:4], strict=False):
            self._uc.reg_write(register, value)
        self._uc.reg_write(arm_const.UC_ARM_REG_SP, STACK)
        self._uc.reg_write(arm_const.UC_ARM_REG_LR, RETURN | 1)
        self._uc.emu_start(function | 1, RETURN)
        return int(self._uc.reg_read(arm_const.UC_ARM_REG_R0))


class QemuCore:
    def __init__(self, stub: GdbStub) -> None:
        self._stub = stub
        stub.write(CPACR, struct.pack("<I", FPU_ON))
        self._ready = False

    def read(self, address: int, count: int) -> bytes:
        return self._stub.read(address, count)

    def write(self, address: int, content: bytes) -> None:
        self._stub.write(address, content)

    def call(self, function: int, arguments: list[int]) -> int:
        if not self._ready:
            self._stub.stop_at(RETURN)
            self._ready = True
        registers = self._stub.registers()
        registers[: min(4, len(arguments))] = arguments[:4]
        registers[13:16] = [STACK, RETURN | 1, function & ~1]
        registers[-1] = THUMB_STATE  # xPSR, wherever this QEMU's list has it
        self._stub.set_registers(registers)
        assert self._stub.resume(30.0), "it does not return"
        registers = self._stub.registers()
        assert registers[15] == RETURN, f"it stands at {registers[15]:#x}"
        return registers[0]


@contextmanager
def qemu() -> Iterator[QemuCore]:
    command = ["qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-monitor", "none", "-serial", "none"]
    with subprocess.Popen([*command, "-S", "-gdb", "stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield QemuCore(GdbStub(process.stdin, process.stdout))
        finally:
            with suppress(BrokenPipeError):
                process.stdin.close()
            process.kill()


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The firmware of the smallest model of the zoo, with random weights."""
    folder, platform = tmp_path_factory.mktemp("nano"), load_platform("nano33ble")
    toolchain, name = find_toolchain(platform), min(ZOO, key=lambda n: ZOO[n].macs)
    compiled = random_model(platform, ZOO[name], name)
    project = write_project(folder / "firmware", platform, toolchain, compiled, "hey fake", DetectorConfig())
    return build_image(project, platform, toolchain, folder / "objects", folder / "image", "firmware").files["elf"]


@pytest.fixture(scope="module")
def symbols(elf: Path) -> dict[str, int]:
    text = subprocess.run(["arm-none-eabi-nm", str(elf)], check=True, capture_output=True, text=True).stdout
    return {line.split()[2]: int(line.split()[0], 16) for line in text.splitlines() if len(line.split()) == 3}


def load(core: Core, elf: Path) -> None:
    """The program as its start-up code leaves it, and a port that has nothing but a clock that stands still."""
    core.write(RAM, bytes(RAM_BYTES))
    for section in read_elf(elf.read_bytes())[1]:
        core.write(section.address, section.content)
    core.write(RETURN, STANDS_STILL)
    core.write(STUB, RETURNS_0)
    core.write(PORT, struct.pack("<I", STUB | 1) * PORT_WORDS)


def hears(core: Core, symbols: dict[str, int], audio: np.ndarray) -> list[tuple[int, bytes]]:
    """Gives the pipeline all samples; what it returns and reports, block by block."""
    took = [(core.call(symbols["ww_pipeline_init"], [PIPELINE, PORT, symbols["ww_program"]]), b"")]
    for start in range(0, len(audio), BLOCK):
        core.write(SAMPLES, audio[start : start + BLOCK].astype("<i2").tobytes())
        core.write(EVENT, bytes(EVENT_BYTES))
        core.write(STACK, struct.pack("<I", EVENT))  # the fifth argument
        count = core.call(symbols["ww_pipeline_take"], [PIPELINE, SAMPLES, BLOCK, 0])
        took.append((count, core.read(EVENT, EVENT_BYTES)))
    return took


def memory(core: Core, symbols: dict[str, int]) -> bytes:
    variables = symbols["bss_end"] - symbols["data_start"]
    return core.read(symbols["data_start"], variables) + core.read(PIPELINE, SAMPLES - PIPELINE)


def test_two_cores_agree_on_every_byte(elf: Path, symbols: dict[str, int]) -> None:
    generator = np.random.default_rng(7)
    audio = (generator.normal(0, 3000, 60 * BLOCK) + 8000 * np.sin(np.arange(60 * BLOCK) / 2.5)).clip(-32768, 32767)
    first = UnicornCore()
    with qemu() as second:
        load(first, elf)
        load(second, elf)
        heard = hears(first, symbols, audio)
        assert heard[0][0] == 1 and len({event for _, event in heard}) > 15, "features and outputs change"
        assert hears(second, symbols, audio) == heard
        assert memory(second, symbols) == memory(first, symbols)


def test_a_core_that_computes_something_else_is_seen(elf: Path, symbols: dict[str, int]) -> None:
    audio = np.random.default_rng(7).normal(0, 3000, 40 * BLOCK)
    with qemu() as second:
        first = UnicornCore()
        load(first, elf)
        load(second, elf)
        code = symbols["ww_frontend_quantize"] & ~1
        first.write(code, RETURNS_0)  # as if one of its instructions were wrong
        assert hears(second, symbols, audio) != hears(first, symbols, audio)
