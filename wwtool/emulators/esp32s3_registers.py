"""The registers of the ESP32-S3 that its board code may use, and how they may be used:
``esp32s3_registers.yaml``; and states in which a program may find them: ``esp32s3_start.yaml``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from wwtool.base.yaml_files import read_yaml


class Register(BaseModel):
    """A register, or several of one kind, one behind the other."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    at: int = Field(multiple_of=4)
    count: int = 1
    start: int = Field(description="the value that the ROM leaves")
    writes: int = Field(description="the bits that a program may change")
    status: int = 0
    wo: bool = False
    lock: int | None = None
    key: int = 0
    source: str = Field(min_length=5)

    @property
    def addresses(self) -> range:
        """Where it is, or they are."""
        return range(self.at, self.at + 4 * self.count, 4)


class Start(BaseModel):
    """A state in which a program may find the chip.

    Attributes:
        cause: of the last reset.
        dma_runs: the DMA fills memory.
        registers: values by address.
        source: where the values are from.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    cause: int
    dma_runs: bool
    registers: dict[int, int]
    source: str = Field(min_length=5)


class MisuseError(Exception):
    """What the program did wrong to the chip, as a sentence."""


@cache
def registers() -> dict[int, Register]:
    """All of them, by address."""
    content = read_yaml(Path(__file__).with_suffix(".yaml"))
    known = TypeAdapter(list[Register]).validate_python(content["registers"])
    return {address: register for register in known for address in register.addresses}


@cache
def starts() -> dict[str, Start]:
    """All states but the ROM's after a boot from flash, by name."""
    return TypeAdapter(dict[str, Start]).validate_python(read_yaml(Path(__file__).with_name("esp32s3_start.yaml")))


def check_write(address: int, before: int, value: int, lock_value: int) -> Register:
    """Holds a write of a word to the rules.

    Args:
        address: of the register.
        before, value: its content, and what is written.
        lock_value: the content of the register that locks it; any number if none does.

    Raises:
        MisuseError: the program may not do that.
    """
    register = registers().get(address)
    if register is None:
        raise MisuseError(f"it writes {value:#x} to {address:#x}, which is no register that it may use")
    if register.lock is not None and lock_value != register.key:
        raise MisuseError(f"it writes to {register.name} while that is locked")
    wrong = (value if register.wo else value ^ before) & ~(register.writes | register.status) & 0xFFFFFFFF
    if wrong:
        raise MisuseError(f"it writes {value:#x} to {register.name}, whose bits {wrong:#x} are reserved")
    return register
