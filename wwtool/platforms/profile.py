"""A platform's profile as pydantic models: the chip, its memories, its tools, how it is flashed and wired.

``load.py`` finds and reads the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from wwtool.base.assets import asset_dir
from wwtool.config import PRESET_NAME, BoardConfig
from wwtool.errors import InputError
from wwtool.platforms.cores import CORES, Core
from wwtool.platforms.flash_reads import FLASH_READS, known_flash_read
from wwtool.platforms.silicon import Checks, sentence
from wwtool.platforms.wires import Wire, wires_of
from wwtool.platforms.wiring import ChipPins, Preset, Wiring, check, choose

_CONFIG_FILE = r"^[a-z]+/[A-Za-z0-9_.-]+\.cfg$"  # of OpenOCD
_NAME = r"^[a-z][a-z0-9_]{1,31}$"

NONE = "none"  # stands for an emulator or a flash tool that a platform does not have

# A part that one of wwtool's registries has. The registry says whether it has it, when the part is looked up.
PartName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,31}$")]
UsbId = Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$", description="vendor and product")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Figure(_Section):
    """A number and its source."""

    value: float = Field(ge=0.0)
    kind: Literal["measured", "published", "estimate"]
    source: str = Field(min_length=8)


class FlashCache(_Section):
    """The cache between the core and its flash, as the firmware leaves it."""

    bytes: int = Field(ge=64, le=1 << 20)
    line_bytes: int = Field(ge=4, le=256)
    ways: int = Field(ge=1, le=64)

    def keeps(self, arrays: Iterable[int]) -> bool:
        """Whether arrays of so many bytes stay in it together, wherever they lie: no set gets more lines than ways."""
        sets = self.bytes // (self.line_bytes * self.ways)
        return sum(-(-(-(-nbytes // self.line_bytes) + 1) // sets) for nbytes in arrays) <= self.ways


def known_core(name: str) -> str:
    """The name, if there is such a core.

    Raises:
        ValueError: there is none.
    """
    if name not in CORES:
        raise ValueError(f"there is no such core; there are {', '.join(CORES)}")
    return name


class ClockChoice(_Section):
    """A clock that the firmware can give the core."""

    hz: int = Field(ge=1_000_000, le=10_000_000_000)
    seen: str = Field(min_length=3, max_length=300, description="what has been seen of it on a real chip")
    active_ma: Figure = Field(description="as energy.active_ma, at this clock")
    sleep_ma: Figure | None = Field(
        None, description="as energy.sleep_ma, at this clock; none: as at the profile's own"
    )
    flash_word_cycles: int | None = Field(
        None, ge=0, le=10_000, description="as chip.flash_word_cycles, at this clock; none: as at the profile's own"
    )


class VectorUnit(_Section):
    """A unit of the core that computes with vectors and is used only if a config asks for it."""

    core: str = Field(description="in place of chip.core: one of wwtool/platforms/cores.py, whose kernels use the unit")
    seen: str = Field(min_length=3, max_length=300, description="what has been seen of it on a real chip")

    @field_validator("core")
    @classmethod
    def _core_exists(cls, name: str) -> str:
        return known_core(name)


class Chip(_Section):
    name: str
    core: str = Field(description="one of wwtool/platforms/cores.py")
    cores: int = Field(ge=1, le=8)
    clock_hz: int = Field(ge=1_000_000, le=10_000_000_000)
    clocks: tuple[ClockChoice, ...] = Field((), description="what the firmware can set; none: only clock_hz")
    flash_word_cycles: int = Field(
        0, ge=0, le=10_000, description="core cycles of a 32-bit read of uncached flash; with flash_read it follows"
    )
    flash_cache: FlashCache | None = Field(
        None, description="where constants that an inference reads again may stay; none: each is taken to be read once"
    )
    cycles_per_instruction: float | None = Field(
        None, ge=1.0, le=10.0, description="an estimate, for emulators that count instructions and not cycles"
    )
    flash_read: str | None = Field(
        None,
        description="how an RP2040 reads its flash in place: dual, plain (for any part) or quad (not seen on a board)",
    )
    vector_unit: VectorUnit | None = Field(None, description="what board.vector_unit of a config switches on")
    has_dsp: bool
    has_fpu: bool
    boot2_crc: bool = Field(False, description="the ROM starts only an image whose first 256 bytes have a checksum")

    @field_validator("core")
    @classmethod
    def _core_exists(cls, name: str) -> str:
        return known_core(name)

    @field_validator("flash_read")
    @classmethod
    def _flash_read_exists(cls, name: str | None) -> str | None:
        return None if name is None else known_flash_read(name)

    @model_validator(mode="before")
    @classmethod
    def _a_word_follows_from_its_read(cls, keys: Any) -> Any:
        """Only of an RP2040: older records name a read for every chip."""
        name = keys.get("flash_read") if isinstance(keys, dict) and keys.get("boot2_crc") else None
        if not isinstance(name, str) or name not in FLASH_READS:
            return keys
        cycles = FLASH_READS[name].word_cycles
        if keys.get("flash_word_cycles") not in (None, cycles):
            raise ValueError(f"flash_word_cycles: flash_read {name} takes {cycles} cycles a word; leave the key out")
        return {**keys, "flash_word_cycles": cycles}

    @model_validator(mode="after")
    def _clock_is_a_choice(self) -> Chip:
        if self.clocks and self.clock_hz not in [choice.hz for choice in self.clocks]:
            raise ValueError(f"clock_hz must be one of clocks: {', '.join(str(choice.hz) for choice in self.clocks)}")
        return self


class MemoryMap(_Section):
    """The chip's memories, and the parts of them that are not for the application."""

    flash_bytes: int = Field(ge=1024)
    ram_bytes: int = Field(ge=1024)
    flash_origin: int = Field(0, ge=0, lt=1 << 32, multiple_of=4, description="address of the first byte of flash")
    application_offset: int = Field(
        0, ge=0, multiple_of=4, description="where in the flash the application begins, behind a boot loader"
    )
    reserved_flash_bytes: int = Field(ge=0)
    reserved_ram_bytes: int = Field(ge=0)
    hop_bytes: int = Field(
        0,
        ge=0,
        description="RAM for what a firmware has beside its model, the code of a hop included; where the RAM budget "
        "holds this and the model, both are copied there at start-up; 0: they are read from flash",
    )
    ram_image_origin: int | None = Field(
        None, ge=0, lt=1 << 32, multiple_of=512,
        description="where the board's ram.ld has the vector table of a program that a debug probe starts from RAM",
    )  # fmt: skip
    code_in_ram: bool = Field(
        False, description="all but the model's weights lies in RAM anyhow, and hop_bytes decides about the weights"
    )
    code_alias: int = Field(
        0, ge=0, lt=1 << 32, multiple_of=4,
        description="how much higher the core sees RAM where it reads instructions than where it reads data",
    )  # fmt: skip

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
    """The limits of a firmware by default."""

    flash_bytes: int = Field(ge=1024)
    ram_bytes: int = Field(ge=1024)
    latency_ms: float = Field(gt=0.0, description="one inference")
    duty_percent: float = Field(gt=0.0, le=100.0, description="front end and inference, of one core")


class Console(_Section):
    baud: int = Field(ge=1200, le=12_000_000)


class FlashChip(_Section):
    """The flash chip, as the header of an ESP32 image describes it to the ROM."""

    esptool_chip: Literal["esp32s3"]
    mode: Literal["qio", "qout", "dio", "dout"]
    frequency: Literal["80m", "40m", "20m"]


class Qemu(_Section):
    """How ``qemu-system-arm`` runs an image of this platform."""

    machine: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,40}$", description="as `qemu-system-arm -M help` names it")
    serial: int = Field(0, ge=0, le=7, description="which of its serial ports is the console")
    icount_shift: int = Field(ge=0, le=10, description="an instruction takes 2^shift ns of emulated time")

    def cycles_per_instruction(self, clock_hz: int) -> float:
        """The cycles that a counter at the core's clock counts for an instruction."""
        return float(clock_hz * 2**self.icount_shift * 1e-9)


class Uf2(_Section):
    """A boot loader that appears as a drive and takes UF2 files."""

    usb: tuple[UsbId, ...] = Field(min_length=1)
    label: str = Field(min_length=1, description="the drive's name, as people see it")
    board_ids: tuple[str, ...] = Field(min_length=1, description="Board-ID in the drive's INFO_UF2.TXT")
    family: int = Field(ge=0, lt=1 << 32, description="of uf2families.json")
    entry: int | None = Field(
        None, ge=0, multiple_of=256, description="where the boot loader looks for vectors; None: where the image begins"
    )
    starts_from_ram: bool = Field(
        False, description="it starts a file for RAM there and leaves the flash alone; the board has a ram.ld"
    )


class Usb(_Section):
    """The board's identities on USB."""

    running: tuple[UsbId, ...] = Field((), description="the serial port of a program")
    loader: tuple[UsbId, ...] = Field((), description="the serial port of the boot loader")
    bridges: tuple[UsbId, ...] = Field((), description="USB-to-serial chips of its boards; other boards have them, too")
    touch: bool = Field(False, description="opening the program's port at 1200 baud starts the boot loader")
    enter: str = Field(description="what starts the boot loader by hand, as an imperative")


class Probe(_Section):
    """The names of the chip in programs for debug probes, and the probe that OpenOCD uses."""

    interface: str = Field("interface/cmsis-dap.cfg", pattern=_CONFIG_FILE)
    openocd: str = Field(pattern=_CONFIG_FILE)
    pyocd: str = Field(pattern=r"^[A-Za-z0-9_]+$")
    probe_rs: str = Field(pattern=r"^[A-Za-z0-9_-]+$")


class Energy(_Section):
    """The chip's supply current, without microphone, LEDs and the board's regulators."""

    supply_volts: float = Field(gt=0.0, le=24.0)
    active_ma: Figure = Field(description="while a core works at chip.clock_hz")
    sleep_ma: Figure = Field(description="in between, while the core waits (WFI, waiti) and the microphone runs")
    deaf_ma: Figure | None = Field(
        None,
        description="in the deepest sleep that keeps the RAM, with the microphone's clock off: what a board that is "
        "switched off by software takes",
    )


class FrameworkReserve(_Section):
    """The flash and RAM that a framework takes, in bytes.

    ``slot_bytes``: flash for a firmware, where the framework's layout gives it less than the chip has.
    ``runs_from_flash``: code and constants are read from flash, and are not in RAM.
    """

    flash_bytes: Figure
    ram_bytes: Figure
    slot_bytes: int | None = Field(None, ge=1024)
    runs_from_flash: bool = True


class SdkBoard(_Section):
    """The board as a framework knows it."""

    board: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_:./=,-]{0,80}$", description="the framework's name for the board"
    )
    options: tuple[Annotated[str, Field(pattern=r"^[A-Z0-9_]+=[A-Za-z0-9_\"]+$")], ...] = Field(
        (), description="lines of the framework's own configuration that the board needs"
    )


class Platform(_Section):
    """A board that firmware is built for."""

    name: str = Field(pattern=_NAME)
    title: str
    chip: Chip
    memory: MemoryMap
    budget: Budget
    optimize: Literal["speed", "size"]
    toolchain: PartName = Field(description="one of wwtool/firmware/toolchains")
    frameworks: tuple[PartName, ...] = Field(min_length=1, description="package formats that it is built as")
    emulator: PartName = Field(description="one of wwtool/emulators, or none")
    qemu: Qemu | None = None
    image: tuple[PartName, ...] = Field(min_length=1, description="kinds of wwtool/firmware/image_formats.py")
    console: Console
    flash_tool: PartName = Field(description="one of wwtool/device/flash/tools, or none")
    flash_alternatives: tuple[PartName, ...] = Field((), description="other tools that can flash it")
    flash_chip: FlashChip | None = None
    usb: Usb | None = None
    uf2: Uf2 | None = None
    probe: Probe | None = None
    energy: Energy | None = None
    framework_reserve: dict[PartName, FrameworkReserve] = {}
    sdk_boards: dict[PartName, SdkBoard] = Field({}, description="the board by the framework that names it")
    board: str | None = Field(
        None,
        pattern=rf"{_NAME}|^.*[/\\\\].*$",
        description="a shipped platform whose board code and presets it uses, or a folder of board code; None: its own",
    )
    pins: ChipPins | None = Field(None, description="where a user may choose pins")
    presets: dict[str, Preset] = Field({}, description="boards by name; the first is taken where none is chosen")
    checks: Checks = Field((), description="functions, and how far each has been checked")
    fixed_wires: tuple[Wire, ...] = Field((), description="what to connect, where no pins can be chosen")
    silicon: str = Field("", max_length=300, validate_default=True, description="left out, checks as a sentence")
    chosen: Wiring | None = Field(None, exclude=True)
    _file: str = PrivateAttr("")

    @field_validator("silicon")
    @classmethod
    def _silicon_in_words(cls, text: str, info: ValidationInfo) -> str:
        return text or sentence(info.data.get("checks", ()))

    @model_validator(mode="after")
    def _presets_are_wired(self) -> Platform:
        if bool(self.presets) != (self.pins is not None):
            raise ValueError("pins and presets belong together; give both or none")
        for name in self.presets:
            if not re.match(PRESET_NAME, name):
                raise ValueError(f"presets: '{name}' is no name for a board; use a to z, 0 to 9 and '-'")
            try:
                self.with_board(BoardConfig(preset=name))
            except InputError as error:
                raise ValueError(f"presets.{name}: {error}") from error
        return self

    @model_validator(mode="after")
    def _one_core(self) -> Platform:
        toolchain = self.core.toolchain
        if self.toolchain != toolchain:
            raise ValueError(f"toolchain {self.toolchain} does not build for {self.chip.core}; that takes {toolchain}")
        return self

    @model_validator(mode="after")
    def _budget_fits(self) -> Platform:
        flash = self.memory.flash_bytes - self.memory.reserved_flash_bytes
        ram = self.memory.ram_bytes - self.memory.reserved_ram_bytes
        if self.budget.flash_bytes > flash:
            raise ValueError(f"budget.flash_bytes is more than the {flash} bytes that are not reserved")
        if self.budget.ram_bytes > ram:
            raise ValueError(f"budget.ram_bytes is more than the {ram} bytes that are not reserved")
        return self

    @property
    def file(self) -> str:
        """The name of its file, for errors. A user's own may have any; a build's manifest does not tell it."""
        return self._file or f"{self.name}.yaml"

    @property
    def place(self) -> str:
        """Where its file is, for people: in wwtool's own folder, or the user's file."""
        return self._file or f"platforms/{self.name}.yaml"

    def from_file(self, name: str) -> Platform:
        """This platform as read from a user's own file of that name."""
        copy = self.model_copy()
        copy._file = name
        return copy

    @property
    def flash_tools(self) -> tuple[str, ...]:
        """The tools that can flash it, the usual one first; none where there is nothing to flash."""
        return () if self.flash_tool == NONE else (self.flash_tool, *self.flash_alternatives)

    @property
    def enter_loader(self) -> str:
        """How a person starts the boot loader, as an imperative."""
        return self.usb.enter if self.usb else "reset it"

    @property
    def board_folder(self) -> Path:
        """The folder with the board's own code, if there is any."""
        return asset_dir("firmware_templates") / "boards" / (self.board or self.name)  # an absolute path stands alone

    @property
    def code_folders(self) -> tuple[Path, ...]:
        """The folders of the board's code. Of files with the same name, the one of the last folder counts."""
        boards = asset_dir("firmware_templates") / "boards"
        usb = ("usb_cdc",) if (self.board_folder / "usb_controller.c").is_file() else ()
        return (*(boards / name for name in (*self.core.shared_code, *usb)), self.board_folder)

    @property
    def core(self) -> Core:
        """What the chip's core asks for."""
        return CORES[self.chip.core]

    @property
    def uses_vector_unit(self) -> bool:
        """Whether a config has switched on the core's vector unit."""
        return self.chip.vector_unit is not None and self.chip.core == self.chip.vector_unit.core

    @property
    def is_linux(self) -> bool:
        """Whether the firmware is a Linux program."""
        return self.core.runs_linux

    @property
    def wiring(self) -> Wiring | None:
        """The chosen board, or the first preset; None where pins are fixed."""
        if self.chosen is None and self.presets:
            return choose(self.name, self.presets, BoardConfig())
        return self.chosen

    @property
    def wires(self) -> tuple[Wire, ...]:
        """What a person connects, each with both ends."""
        return wires_of(self.wiring) if self.wiring else self.fixed_wires

    def with_board(self, config: BoardConfig) -> Platform:
        """This platform, wired as a config says.

        Raises:
            UsageError: there is no such preset.
            InputError: the config's pins contradict each other, or the chip, or it cannot have that clock, or it has no
                vector unit.
        """
        if self.pins is None:
            if config != BoardConfig():
                raise InputError(f"board: the pins of {self.name} are fixed; remove the key 'board'")
            return self
        wiring = choose(self.name, self.presets, config)
        check(wiring, self.pins)
        platform = self if config.clock_mhz is None else self._at_clock(config.clock_mhz)
        if config.vector_unit:
            platform = platform._with_vector_unit()
        return platform.model_copy(update={"chosen": wiring})

    def _with_vector_unit(self) -> Platform:
        unit = self.chip.vector_unit
        if unit is None:
            raise InputError(f"board.vector_unit: {self.name} has none that wwtool knows; leave the key out")
        return self.on_core(unit.core)

    def on_core(self, core: str) -> Platform:
        """The platform with another core in its chip: one of ``cores.py``."""
        return self.model_copy(update={"chip": self.chip.model_copy(update={"core": core})})

    def _at_clock(self, mhz: int) -> Platform:
        choice = next((c for c in self.chip.clocks if c.hz == mhz * 1_000_000), None)
        if choice is None:
            choices = ", ".join(str(c.hz // 1_000_000) for c in self.chip.clocks) or "only the profile's own"
            raise InputError(f"board.clock_mhz: {self.name} cannot have {mhz} MHz; choose from {choices}")
        word_cycles = self.chip.flash_word_cycles if choice.flash_word_cycles is None else choice.flash_word_cycles
        chip = self.chip.model_copy(update={"clock_hz": choice.hz, "flash_word_cycles": word_cycles})
        changes: dict[str, object] = {"chip": chip}
        if self.energy is not None:
            energy = {"active_ma": choice.active_ma, "sleep_ma": choice.sleep_ma or self.energy.sleep_ma}
            changes["energy"] = self.energy.model_copy(update=energy)
        return self.model_copy(update=changes)

    def facts(self) -> dict[str, object]:
        """All keys and the wiring, for JSON and hashes."""
        return {**self.model_dump(mode="json"), "wiring": self.wiring.model_dump() if self.wiring else None}

    def recorded(self) -> dict[str, object]:
        """The keys that a build's manifest keeps; ``platform_of`` makes a platform of them."""
        return self.model_dump(mode="json", exclude={"board", "pins", "presets"})

    @property
    def has_board(self) -> bool:
        """Whether wwtool has the board's code and can build for it. Other profiles are only data."""
        return self.board_folder.is_dir()
