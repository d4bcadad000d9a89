"""Facts of registers, from the files beside this one: what a boot loader leaves in them (``start.yaml``), and which
bits of them there are (``fields.yaml``)."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from wwtool.base.yaml_files import read_yaml


class LeftPeripheral(BaseModel):
    """One peripheral as it is left.

    Attributes:
        registers: values by offset.
        running: what it does; "" if nothing.
        source: where the values are from.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    registers: dict[int, int]
    running: str = ""
    source: str


class Fields(BaseModel):
    """The bits that a program may write of a register, or of ``count`` of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    at: int = Field(multiple_of=4)
    count: int = Field(1, ge=1)
    stride: int = Field(4, multiple_of=4)
    bits: int = Field(ge=0, lt=1 << 32)
    name: str


@cache
def read_fields() -> dict[str, dict[int, int]]:
    """By peripheral: the bits of ``fields.yaml`` by offset."""
    content = read_yaml(Path(str(resources.files("wwtool.emulators.nrf52840"))) / "fields.yaml")
    known = {name: [Fields.model_validate(entry) for entry in entries] for name, entries in content.items()}
    return {
        name: {entry.at + n * entry.stride: entry.bits for entry in entries for n in range(entry.count)}
        for name, entries in known.items()
    }


def read_start(state: str) -> dict[str, LeftPeripheral]:
    """The peripherals of a state of ``start.yaml``, by name."""
    content = read_yaml(Path(str(resources.files("wwtool.emulators.nrf52840"))) / "start.yaml")
    return {name: LeftPeripheral.model_validate(part) for name, part in content[state].items()}
