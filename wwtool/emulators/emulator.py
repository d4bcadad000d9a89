"""What every emulator can be asked. An emulator is one class in its chip's module, and one line of the registry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Literal, Protocol, Self

from wwtool.base.tools import Tool
from wwtool.errors import InputError, UsageError
from wwtool.firmware.cycles import Cycles
from wwtool.platforms.profile import Platform

UART, USB = "uart", "usb"


@dataclass(frozen=True)
class Options:
    """How an image is started.

    Attributes:
        tcp_port: where the console listens on 127.0.0.1; 0 takes a free port.
        pty: give the console a pseudo-terminal as well.
        console: which console of the board, one of ``Emulator.consoles``.
        audio: raw int16 mono at 16 kHz for the microphone, which hears silence after its end.
        restarts: a board that its watchdog has reset starts again, as a real one does. Otherwise an emulator that
            notices it ends the run, and says so.
        flash_waits: the core waits for flash that its cache does not hold, where the emulator has that cache.
    """

    tcp_port: int = 0
    pty: bool = False
    console: str = UART
    audio: Path | None = None
    restarts: bool = False
    flash_waits: bool = False


class RunningBoard(Protocol):
    """An emulated board that runs; a context manager that ends it.

    Attributes:
        url: what pyserial opens, ``socket://127.0.0.1:PORT`` or a terminal device.
        port: the TCP port.
    """

    url: str
    port: int

    def check(self) -> None:
        """Raises DeviceError if the program has failed."""

    def wait(self) -> None:
        """Returns when the board has ended, by itself or because of a fault (see ``check``)."""

    def close(self) -> None:
        """Ends the board; safe to call again."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Emulator(ABC):
    """A way to run the firmware of some platforms on this machine. It holds no state.

    Attributes:
        name: the word for ``emulator`` in a platform's profile.
        image_kind: which of a build's files it runs.
        consoles: the board's consoles; the first is the usual one.
        has_microphone: it can play audio to the firmware.
        is_confined: the firmware cannot reach this machine. Otherwise it may do what the user may do, and runs only
            from a build that this user has made, or trusts.
        counts: what the firmware's cycle counter counts here. With instructions, the profile says how many cycles each
            takes; with nothing, the latency is not measured.
        has_flash_cache: it has a model of the chip's cache for flash, so that the core can wait for what is not in it.
        uses_qemu_section: the section ``qemu`` of a profile is for it.
        tools: what has to be installed.
        installers: what else is needed to install them.
    """

    name: ClassVar[str]
    image_kind: ClassVar[str] = "bin"
    consoles: ClassVar[tuple[str, ...]] = (UART,)
    has_microphone: ClassVar[bool] = True
    is_confined: ClassVar[bool] = True
    counts: ClassVar[Literal["cycles", "instructions", "nothing"]] = "instructions"
    has_flash_cache: ClassVar[bool] = False
    uses_qemu_section: ClassVar[bool] = False
    tools: ClassVar[tuple[Tool, ...]] = ()
    installers: ClassVar[tuple[Tool, ...]] = ()

    @abstractmethod
    def start(self, platform: Platform, image: Path, options: Options) -> RunningBoard:
        """Starts an image and returns when its console can be opened.

        Raises:
            ToolError: a tool is missing.
            InputError: the image is damaged.
            DeviceError: the image does not start.
        """

    def check_options(self, options: Options) -> None:
        """Raises UsageError if the board has no such console, or no microphone."""
        if options.console not in self.consoles:
            raise UsageError(f"the emulator {self.name} has no {options.console} console; leave --console out")
        if options.audio is not None and not self.has_microphone:
            raise UsageError(f"the emulator {self.name} has no microphone; leave --audio out")

    def check_platform(self, platform: Platform) -> None:
        """Raises InputError if a profile lacks what this emulator needs."""
        factor = platform.chip.cycles_per_instruction
        if self.counts == "instructions" and factor is None:
            raise InputError(
                f"{platform.file}: chip.cycles_per_instruction is needed, as the emulator {self.name} counts "
                "instructions"
            )

    def require_tools(self) -> None:
        """Raises ToolError if one is missing."""
        for tool in self.tools:
            tool.find()

    def version(self) -> str:
        """The versions of its tools; "" if one is missing."""
        if not all(tool.is_there for tool in self.tools):
            return ""
        return " ".join(tool.version(tool.find()) for tool in self.tools)

    def platform_of(self, image: bytes) -> str | None:
        """The shipped platform whose image this is; None if it is none of this emulator's."""
        return None

    def cycles(self, platform: Platform, files: dict[str, Path], samples: int, on_console: Cycles) -> Cycles:
        """The cycles of a feature frame and an inference.

        Args:
            platform: the board.
            files: the build's files by kind.
            samples: how much audio it takes until the model has run once.
            on_console: what the firmware's counter says on its console.
        """
        return on_console
