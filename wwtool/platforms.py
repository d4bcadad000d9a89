"""Platform profiles: one YAML file a platform, the only home of a number about a chip."""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from wwtool.assets import asset_dir
from wwtool.config import describe_validation, read_yaml
from wwtool.errors import InputError, UsageError

_NAME = r"^[a-z][a-z0-9_]{1,31}$"

UsbId = Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$", description="vendor and product")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Chip(_Section):
    name: str
    core: Literal["cortex-m0plus", "cortex-m4f", "xtensa-lx7", "armv6", "host"]
    cores: int = Field(ge=1, le=8)
    clock_hz: int = Field(ge=1_000_000, le=10_000_000_000)
    flash_word_cycles: int = Field(0, ge=0, le=10_000, description="core cycles of a 32-bit read of uncached flash")
    cycles_per_instruction: float | None = Field(
        None, ge=1.0, le=10.0, description="an estimate, for emulators that count instructions and not cycles"
    )
    has_dsp: bool
    has_fpu: bool
    boot2_crc: bool = Field(False, description="the ROM starts only an image whose first 256 bytes have a checksum")


class MemoryMap(_Section):
    """What the chip has, and what of it is not the application's."""

    flash_bytes: int = Field(ge=1024)
    ram_bytes: int = Field(ge=1024)
    flash_origin: int = Field(0, ge=0, lt=1 << 32, multiple_of=4, description="address of the first byte of flash")
    application_offset: int = Field(
        0, ge=0, multiple_of=4, description="where in the flash the application begins, behind a boot loader"
    )
    reserved_flash_bytes: int = Field(ge=0)
    reserved_ram_bytes: int = Field(ge=0)

    @model_validator(mode="after")
    def _fits(self) -> MemoryMap:
        if self.reserved_flash_bytes >= self.flash_bytes:
            raise ValueError("reserved_flash_bytes must be less than flash_bytes")
        if self.reserved_ram_bytes >= self.ram_bytes:
            raise ValueError("reserved_ram_bytes must be less than ram_bytes")
        if self.application_offset > self.reserved_flash_bytes:
            raise ValueError("application_offset must not be more than reserved_flash_bytes, of which it is a part")
        if self.flash_origin + self.flash_bytes > 1 << 32:
            raise ValueError("flash_origin and flash_bytes reach beyond 32-bit addresses")
        return self

    @property
    def application_origin(self) -> int:
        """Address of the first byte of an image."""
        return self.flash_origin + self.application_offset

    @property
    def application_bytes(self) -> int:
        """Flash that an image may take."""
        return self.flash_bytes - self.reserved_flash_bytes


class Budget(_Section):
    """What a firmware may use by default."""

    flash_bytes: int = Field(ge=1024)
    ram_bytes: int = Field(ge=1024)
    latency_ms: float = Field(gt=0.0, description="one inference")
    duty_percent: float = Field(gt=0.0, le=100.0, description="front end and inference, of one core")


class Console(_Section):
    baud: int = Field(ge=1200, le=12_000_000)


class FlashChip(_Section):
    """What the header of an ESP32 image tells the ROM of the flash."""

    esptool_chip: Literal["esp32s3"]
    mode: Literal["qio", "qout", "dio", "dout"]
    frequency: Literal["80m", "40m", "20m"]


class Uf2(_Section):
    """A boot loader that shows itself as a drive and takes UF2 files."""

    usb: tuple[UsbId, ...] = Field(min_length=1)
    label: str = Field(min_length=1, description="the drive's name, as people see it")
    board_ids: tuple[str, ...] = Field(min_length=1, description="Board-ID in the drive's INFO_UF2.TXT")
    family: int = Field(ge=0, lt=1 << 32, description="of uf2families.json")
    entry: int | None = Field(
        None, ge=0, multiple_of=256, description="where the boot loader looks for vectors; None: where the image begins"
    )


class Usb(_Section):
    """Who the board is on USB."""

    running: tuple[UsbId, ...] = Field((), description="the serial port of a program")
    loader: tuple[UsbId, ...] = Field((), description="the serial port of the boot loader")
    bridges: tuple[UsbId, ...] = Field((), description="USB-to-serial chips of its boards; other boards have them, too")
    touch: bool = Field(False, description="opening the program's port at 1200 baud starts the boot loader")
    enter: str = Field(description="what starts the boot loader by hand, as an imperative")


class Probe(_Section):
    """What the programs of debug probes call the chip."""

    openocd: str
    pyocd: str
    probe_rs: str


FlashTool = Literal["uf2", "esptool", "bossac", "picotool", "openocd", "pyocd", "probe-rs"]
_PROBES = ("openocd", "pyocd", "probe-rs")


class Platform(_Section):
    """A board that firmware is built for."""

    name: str = Field(pattern=_NAME)
    title: str
    chip: Chip
    memory: MemoryMap
    budget: Budget
    optimize: Literal["speed", "size"]
    toolchain: Literal["arm-none-eabi", "xtensa-lx106", "host"]
    frameworks: tuple[Literal["bare-metal"], ...] = Field(min_length=1)
    emulator: Literal["rp2040js", "unicorn", "qemu-xtensa", "host", "none"]
    image: tuple[Literal["bin", "uf2", "hex", "elf"], ...] = Field(min_length=1)
    console: Console
    flash_tool: Literal["uf2", "esptool", "bossac", "none"]
    flash_alternatives: tuple[FlashTool, ...] = Field((), description="other tools that can flash it")
    flash_chip: FlashChip | None = None
    usb: Usb | None = None
    uf2: Uf2 | None = None
    probe: Probe | None = None
    board: str | None = Field(None, pattern=_NAME, description="whose board code this one uses; None: its own")

    @model_validator(mode="after")
    def _counts_cycles(self) -> Platform:
        if self.emulator in ("unicorn", "qemu-xtensa") and self.chip.cycles_per_instruction is None:
            raise ValueError(
                f"chip.cycles_per_instruction is needed, as the emulator {self.emulator} counts instructions"
            )
        return self

    @model_validator(mode="after")
    def _budget_fits(self) -> Platform:
        flash = self.memory.flash_bytes - self.memory.reserved_flash_bytes
        ram = self.memory.ram_bytes - self.memory.reserved_ram_bytes
        if self.budget.flash_bytes > flash:
            raise ValueError(f"budget.flash_bytes is more than the {flash} bytes that are not reserved")
        if self.budget.ram_bytes > ram:
            raise ValueError(f"budget.ram_bytes is more than the {ram} bytes that are not reserved")
        if self.flash_tool == "esptool" and self.flash_chip is None:
            raise ValueError("flash_tool esptool needs flash_chip with esptool_chip, mode and frequency")
        return self

    @model_validator(mode="after")
    def _can_be_flashed(self) -> Platform:
        tools = (self.flash_tool, *self.flash_alternatives)
        if self.uf2 is None and ("uf2" in tools or "uf2" in self.image):
            raise ValueError("uf2 is needed, with usb, label, board_ids and family, where UF2 files are made")
        if self.probe is None and any(tool in _PROBES for tool in tools):
            raise ValueError("probe is needed, with openocd, pyocd and probe_rs, where debug probes are used")
        if self.usb is None and self.flash_tool != "none":
            raise ValueError(f"flash_tool {self.flash_tool} needs usb, by which the board is found")
        if self.flash_tool == "bossac" and self.usb is not None and not self.usb.loader:
            raise ValueError("flash_tool bossac needs usb.loader, the boot loader's serial port")
        return self

    @property
    def flash_tools(self) -> tuple[str, ...]:
        """The tools that can flash it, the usual one first; none where there is nothing to flash."""
        return () if self.flash_tool == "none" else (self.flash_tool, *self.flash_alternatives)

    @property
    def enter_loader(self) -> str:
        """What a person does to start the boot loader, as an imperative."""
        return self.usb.enter if self.usb else "reset it"

    @property
    def board_folder(self) -> Path:
        """The board's own code, if there is any."""
        return asset_dir("firmware_templates") / "boards" / (self.board or self.name)

    @property
    def has_board(self) -> bool:
        """Whether wwtool has the board's own code and can build for it; the others are data only so far."""
        return (self.board_folder / "main.c").is_file()


def platform_names() -> list[str]:
    """Names of the profiles that ship with wwtool, in order."""
    return sorted(path.stem for path in asset_dir("platforms").glob("*.yaml"))


def load_platform(name: str) -> Platform:
    """The profile ``name``.

    Raises:
        UsageError: there is none of that name.
        InputError: its file is not valid.
    """
    names = platform_names()
    if name not in names:
        close = difflib.get_close_matches(name, names, 1)
        hint = f"did you mean '{close[0]}'?" if close else f"there are {', '.join(names)}"
        raise UsageError(f"there is no platform '{name}'; {hint}")
    return parse_platform(asset_dir("platforms") / f"{name}.yaml")


def parse_platform(path: Path) -> Platform:
    """Reads and validates a profile."""
    try:
        return Platform.model_validate(read_yaml(path))
    except ValidationError as error:
        raise InputError(describe_validation(error, path.name)) from error


@cache
def load_platforms() -> tuple[Platform, ...]:
    """All profiles, in order of their names."""
    return tuple(load_platform(name) for name in platform_names())
