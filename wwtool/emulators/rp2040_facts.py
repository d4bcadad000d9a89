"""The registers of the RP2040 and what the mask ROM leaves in them, for the emulator: ``rp2040_registers.yaml`` and
``rp2040_start.yaml``."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from wwtool.base.yaml_files import read_yaml

_MASK = 0xFFFFFFFF


class Register(BaseModel):
    """A register, or ``count`` of one kind, ``stride`` bytes apart."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    at: int = Field(multiple_of=4)
    count: int = Field(1, ge=1)
    stride: int = Field(4, multiple_of=4)
    reset: int = Field(0, description="the value after a reset")
    writes: int = Field(ge=0, le=_MASK, description="the bits that a program may set or clear")
    clears: int = Field(0, ge=0, le=_MASK, description="the bits that a program clears by writing 1")
    wo: bool = False
    acts: bool = Field(False, description="a write starts something")
    block: str = Field("", description="the subsystem whose reset resets it; none: no subsystem's does")
    source: str = Field(min_length=3)


class Left(BaseModel):
    """What a register, or several, hold at a program's start."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    register_name: str = Field(alias="register")
    at: int = Field(multiple_of=4)
    count: int = Field(1, ge=1)
    stride: int = Field(4, multiple_of=4)
    value: int = Field(ge=0, le=_MASK)
    source: str = Field(min_length=5)


@cache
def registers() -> tuple[Register, ...]:
    """The registers that the board's code may use."""
    content = read_yaml(_beside("rp2040_registers.yaml"))
    return TypeAdapter(tuple[Register, ...]).validate_python(content["registers"])


@cache
def start_states() -> dict[str, tuple[Left, ...]]:
    """What is left in the registers, by the way in which a program starts."""
    return TypeAdapter(dict[str, tuple[Left, ...]]).validate_python(read_yaml(_beside("rp2040_start.yaml")))


def as_json() -> str:
    """Both, as the runner reads them."""
    start = {name: [left.model_dump() for left in state] for name, state in start_states().items()}
    return json.dumps({"registers": [register.model_dump() for register in registers()], "start": start})


def _beside(name: str) -> Path:
    return Path(__file__).with_name(name)
