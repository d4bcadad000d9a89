"""What a boot loader leaves in the registers, from ``start.yaml`` beside this file."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict

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


def read_start(state: str) -> dict[str, LeftPeripheral]:
    """The peripherals of a state of ``start.yaml``, by name."""
    content = read_yaml(Path(str(resources.files("wwtool.emulators.nrf52840"))) / "start.yaml")
    return {name: LeftPeripheral.model_validate(part) for name, part in content[state].items()}
