"""The ESP32-S3 firmware in QEMU: the segments of the shipped ``.bin``, at their own addresses, on an Xtensa core.

QEMU has the core (its lx106, whose instructions are a part of the LX7's, and all that the compiler emits) and memory,
but none of the chip's peripherals. ``esp32s3_chip`` is in their place: it holds every write to a register to the rules,
knows clocks, watchdogs, resets and the flash behind its cache, and ends the run if the firmware does what the chip
would not take. The run also stops where the firmware calls its drivers of the UART and the microphone, and this module
does the work of two functions of each; where it calls the ROM (``esp32s3_rom``); and where the core waits for an
interrupt (``esp32s3_sleep``). A table in the image tells where they are. Instructions of the vector unit are
interpreted (``esp32s3_vector_unit``). All other code is the firmware's. CCOUNT counts 1.28 an instruction
(``platforms/esp32s3.yaml``), and time is counted by it.
"""

from __future__ import annotations

import contextlib
import itertools
import struct
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from wwtool.base.programs import dies_with_wwtool
from wwtool.base.temporary import TemporaryFolder
from wwtool.base.tools import program
from wwtool.emulators.emulator import UART, USB, Emulator, Options
from wwtool.emulators.esp32s3_chip import A0, A2, A3, A4, PC, Chip, Defects, Domain
from wwtool.emulators.esp32s3_consoles import USB_PACKET_BYTES
from wwtool.emulators.esp32s3_line import Line
from wwtool.emulators.esp32s3_microphone import Microphone
from wwtool.emulators.esp32s3_registers import MisuseError, starts
from wwtool.emulators.esp32s3_rom import Rom
from wwtool.emulators.esp32s3_sleep import MICROPHONE
from wwtool.emulators.esp32s3_stray_dma import StrayDma
from wwtool.emulators.esp32s3_vector_unit import VectorUnit
from wwtool.emulators.gdb_stub import GdbStub
from wwtool.emulators.process import image_of
from wwtool.emulators.pty_bridge import PtyBridge
from wwtool.errors import DeviceError, InputError
from wwtool.firmware.esp_image import EspImage, parse_esp_image
from wwtool.firmware.make_image import ESP_MAGIC, ESP_MAPPED
from wwtool.platforms.profile import Platform

PLATFORM = "esp32s3"
QEMU = program("qemu-system-xtensa", "the emulated ESP32-S3", "apt-get install qemu-system-misc")

_MAGIC = b"WWBOARD5"
_FUNCTIONS = struct.Struct("<8I")  # all of the table before the addresses of ROM calls
# Where the ROM may put segments: SRAM1 as data and as instructions, below what the ROM keeps (see board's link.ld).
_DATA = range(0x3FC88000, 0x3FCD7E00)
_CODE, _ALIAS = 0x40000000, 0x6F0000
_LONGEST_PAUSE_US = 250_000.0
_MOST_BEHIND_S = 1.0  # work can take longer here than on the board; the board catches up at most this much
_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 5.0
_LOOK_S = 0.25  # that the core may run without a stop, before its watchdogs are looked at
_MOST_RESETS = 4  # of a board that never comes to its main loop


@dataclass(frozen=True)
class _Table:
    """The board's table (boards/esp32s3/board_table.c): addresses of functions, and of the count of microseconds."""

    rom: Rom
    read: int
    write: int
    fault: int
    micros: int
    microphone_read: int
    microphone_enable: int
    wait_for_interrupt: int
    block_samples: int  # of the microphone, between two interrupts

    @staticmethod
    def of(image: EspImage) -> _Table:
        for segment in image.segments:
            place = segment.content.find(_MAGIC)
            if place >= 0:
                words = segment.content[place + len(_MAGIC) :]
                rom = Rom(*struct.unpack_from("<3I", words, _FUNCTIONS.size))
                return _Table(rom, *_FUNCTIONS.unpack_from(words))
        raise InputError(
            "the image has no board table of this version, so it is not wwtool's or an older one's; run wwtool build "
            "--platform esp32s3"
        )


def _as_data(address: int) -> int:
    """Where data accesses see an address of SRAM1."""
    return address - (_ALIAS if address >= _CODE else 0)


def check_memory(image: EspImage) -> None:
    """Checks that the segments lie where the ROM can put them, and do not overlap; and where flash.c maps them.

    Raises:
        DeviceError: a segment lies elsewhere, or two overlap.
    """
    places = []
    for segment in image.segments:
        begin = _as_data(segment.address)
        end = begin + len(segment.content)
        if begin not in _DATA or end > _DATA.stop:
            raise DeviceError(f"the image's segment at {segment.address:#x} is not in SRAM; the ROM would not load it")
        places.append((begin, end))
    places.sort()
    if any(before[1] > after[0] for before, after in itertools.pairwise(places)):
        raise DeviceError("two segments of the image lie in the same memory; build it again")
    for part in image.mapped:
        if part.address - ESP_MAPPED.start != part.offset:
            raise DeviceError(
                f"the image's part for {part.address:#x} is at {part.offset:#x} in flash, where the program does not "
                "map it from; build it again"
            )


def start_core(image: EspImage, folder: Path) -> subprocess.Popen[bytes]:
    """Starts QEMU, stopped at the image's entry as the ROM leaves the chip. Its standard streams are a debugger's."""
    command = [*dies_with_wwtool(), QEMU.find(), "-M", "none", "-cpu", "lx106", "-m", "2G", "-icount", "shift=5"]
    command += ["-display", "none", "-monitor", "none", "-serial", "none", "-S", "-gdb", "stdio"]
    for number, segment in enumerate(image.segments):
        (folder / f"{number}.raw").write_bytes(segment.content)
        for address in {segment.address, _as_data(segment.address)}:  # QEMU has no memory that is seen twice
            command += ["-device", f"loader,file={number}.raw,addr={address:#x},force-raw=on"]
    command += ["-device", f"loader,addr={image.entry:#x},cpu-num=0"]
    return subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


class Esp32s3Board:
    """A running emulated board; a context manager that ends it.

    Attributes:
        url: what pyserial opens, ``socket://127.0.0.1:PORT`` or a terminal device.
        port: the TCP port.
        usb_said: what the program has said over USB since the start, to a host that reads it.
    """

    def __init__(
        self, image: EspImage, tcp_port: int, pty: bool, audio: Path | None, defects: Defects | None = None,
        state: str | None = None, console: str = UART,
    ) -> None:  # fmt: skip
        self._image, self._table, self._defects = image, _Table.of(image), defects
        self.usb_said = bytearray()
        self._uart_works = defects is None or not defects.uart_stuck
        self._fault: str | None = None  # what has stopped the program, until its handler resets the chip
        self._start = starts()[state] if state is not None else None
        self._domain = Domain() if self._start is None else Domain(self._start.cause)
        self._vector_unit = VectorUnit(image)
        self._microphone = Microphone(audio, self._table.block_samples)
        self._failure: str | None = None
        self._closing = False
        self._idle_until = time.monotonic()
        self._chip: Chip | None = None
        self._console = console
        self._started = threading.Event()
        self._bridge: PtyBridge | None = None
        self._line = Line(tcp_port)
        self.port: int = self._line.port
        self._folder = TemporaryFolder("esp32s3")
        with self._folder.kept_if_successful() as folder:
            self._process = start_core(image, folder)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        try:
            if not self._started.wait(_START_TIMEOUT_S):
                self._failure = self._failure or "it never used its console"
            self.check()
            if pty:
                self._bridge = PtyBridge(self.port)
        except BaseException:
            self.close()
            raise
        self.url = self._bridge.device if self._bridge else f"socket://127.0.0.1:{self.port}"

    def _run(self) -> None:
        resets = 0
        try:
            while self._failure is None and not self._closing:
                self._domain = self._run_until_reset()
                resets += 1
                if self._fault is not None:
                    self._failure = self._fault
                elif resets > _MOST_RESETS and not self._started.is_set():
                    self._failure = f"it resets again and again, with cause {self._domain.cause:#x}"
                if self._failure is None and not self._closing:
                    self._restart()
        except DeviceError as error:
            if not self._closing:
                self._failure = self._failure or str(error)
        except MisuseError as fault:
            self._failure = f"{fault}; the chip would not work as the program expects"
        finally:
            self._started.set()
            self._process.kill()
            self._line.hang_up()

    def _restart(self) -> None:
        """A new core with the same image, as the ROM leaves it after a reset."""
        self._end_process()
        self._microphone.enable(False, 0)
        self._process = start_core(self._image, self._folder.path)

    def _run_until_reset(self) -> Domain:
        assert self._process.stdin is not None and self._process.stdout is not None
        stub = GdbStub(self._process.stdin, self._process.stdout)
        chip = Chip(stub, self._domain, self._defects, self._image.content, start=self._start)
        if self._start is not None and self._start.dma_runs:
            end = max(_as_data(segment.address) + len(segment.content) for segment in self._image.segments)
            chip.stray = StrayDma(chip, range(end, _DATA.stop))
        self._start = None
        chip.usb.sent = self.usb_said
        if self._console == USB:
            chip.usb.host, chip.usb.offer = self._line.send, lambda: self._line.take(USB_PACKET_BYTES) or None
        else:
            chip.uart.waiting = lambda: self._line.waiting
        self._chip = chip
        t = self._table
        microphone = (t.microphone_read, t.microphone_enable)
        stops = (t.read, t.write, t.fault, *microphone, t.wait_for_interrupt, *t.rom.stops, *self._vector_unit.places)
        for address in stops:
            if address != t.write or self._uart_works:  # a stuck one gets the program's own bytes, register by register
                stub.stop_at(address)
        while self._failure is None and chip.reset_cause is None:
            if stub.resume(_LOOK_S):
                self._answer(stub, chip)
            else:
                chip.check_watchdogs()
        return chip.domain

    def _answer(self, stub: GdbStub, chip: Chip) -> None:
        """Does the work of the function that the firmware has called and returns from it, or accesses a register."""
        core = stub.registers()
        pc = core[PC]
        if pc == self._table.read:
            chip.uart.check()
            chip.usb.poll()
            data = self._line.take(core[A3]) if self._console == UART else b""
            stub.write(core[A2], data)
            core[A2] = len(data)
            self._started.set()
        elif pc == self._table.write:
            if self._console == UART:
                self._line.send(stub.read(core[A2], core[A3]))
        elif pc == self._table.microphone_read:
            samples = self._microphone.take(core[A3], self._micros(stub))
            stub.write(core[A2], samples)
            core[A2] = len(samples) // 2
        elif pc == self._table.microphone_enable:
            self._microphone.enable(core[A2] != 0, self._micros(stub))
        elif pc in self._table.rom.stops:
            self._table.rom.answer(chip, core)
            return
        elif pc == self._table.wait_for_interrupt:
            self._wait(stub, chip, core)
            return
        elif pc in self._vector_unit.places:
            self._vector_unit.enable(chip, core)
            return
        elif pc == self._table.fault:  # its handler goes on: it tells the consoles, and resets the chip
            self._fault = f"exception {core[A2]} at {core[A3]:#x}, address {core[A4]:#x}"
            stub.go_on_at(pc)
            return
        else:
            chip.handle(core)
            return
        core[PC] = core[A0]
        stub.set_registers(core)

    def _wait(self, stub: GdbStub, chip: Chip, core: list[int]) -> None:
        """The core waits for an interrupt, no faster than time passes here."""
        armed = chip.waiting.armed(core[A2])
        micros, slept_us = self._micros(stub), 0.0
        chip.pass_time()
        while chip.reset_cause is None and not self._closing:
            chip.usb.poll()
            if self._console == UART and self._line.waiting:
                chip.waiting.raise_interrupt(UART)
            left_us = chip.waiting.left_us(armed)
            if MICROPHONE in armed and self._microphone.listens:
                of_block_us = self._microphone.left_us(micros + int(slept_us))
                if of_block_us <= 0:
                    chip.waiting.raise_interrupt(MICROPHONE)
                left_us = min(left_us, of_block_us)
            if left_us <= 0:
                chip.waiting.wake(core)
                return
            wakes = self._console in armed and not chip.usb.is_full
            step_us = self._pause(min(left_us, _LONGEST_PAUSE_US), wakes)
            chip.waiting.sleep(step_us)
            slept_us += step_us

    def _pause(self, us: float, until_input: bool) -> float:
        """Lets time pass here; returns how long, which is less if console bytes come first and end it."""
        self._idle_until = max(self._idle_until, time.monotonic() - _MOST_BEHIND_S) + us / 1e6
        left_s = max(0.0, self._idle_until - time.monotonic())
        if until_input:
            self._line.wait(left_s)
        else:
            time.sleep(left_s)
        early_us = max(0.0, self._idle_until - time.monotonic()) * 1e6 if until_input and self._line.waiting else 0.0
        self._idle_until -= early_us / 1e6
        return max(0.0, us - early_us)

    @property
    def asleep(self) -> float:
        """The share of the board's time in which the core had no clock, since its last reset."""
        return self._chip.waiting.asleep_us / self._chip.now_us if self._chip is not None else 0.0

    @property
    def waits(self) -> tuple[int, float]:
        """How many waits of the core have ended since its last reset, and how long that was, in seconds."""
        return (self._chip.waiting.wakes, self._chip.now_us / 1e6) if self._chip is not None else (0, 0.0)

    def _micros(self, stub: GdbStub) -> int:
        return int(struct.unpack("<I", stub.read(self._table.micros, 4))[0])

    def check(self) -> None:
        """Raises DeviceError if the program has failed."""
        if self._failure is not None:
            raise DeviceError(f"the emulated ESP32-S3 stopped: {self._failure}")

    def wait(self) -> None:
        """Returns when the emulator has ended, by itself or because of a fault (see :meth:`check`)."""
        self._thread.join()

    def _end_process(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def close(self) -> None:
        """Ends the emulator; safe to call again."""
        self._closing = True
        if self._bridge is not None:
            self._bridge.close()
            self._bridge = None
        self._process.kill()
        self._thread.join(timeout=_STOP_TIMEOUT_S)
        self._end_process()
        self._line.close()
        self._folder.close()

    def __enter__(self) -> Esp32s3Board:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start(
    build: Path, tcp_port: int = 0, pty: bool = False, audio: Path | None = None, defects: Defects | None = None,
    state: str | None = None, console: str = UART,
) -> Esp32s3Board:  # fmt: skip
    """Starts an image on an emulated ESP32-S3.

    Args:
        build: a build folder, or a ``.bin``.
        tcp_port: where its console listens on 127.0.0.1; 0 takes a free port.
        pty: give the console a pseudo-terminal as well; ``url`` is then its device.
        audio: raw int16 mono at 16 kHz for the microphone, which hears silence after its end.
        defects: what is wrong with the chip.
        state: in which the program finds the chip, one of ``esp32s3_start.yaml``; None: as after a boot from flash.

        console: ``uart`` or ``usb``, which ``url`` leads to; nobody sends bytes to the other one.

    Raises:
        ToolError: QEMU is missing.
        InputError: there is no such image, or it is damaged.
        DeviceError: the image does not start.
    """
    QEMU.find()
    image = parse_esp_image(image_of(build, QemuXtensa.name).read_bytes())
    check_memory(image)
    try:
        return Esp32s3Board(image, tcp_port, pty, audio, defects, state, console)
    except OSError as error:
        raise DeviceError(f"the emulated ESP32-S3 cannot be started: {error}; see wwtool doctor") from error


class QemuXtensa(Emulator):
    """QEMU's Xtensa core. This module does the work of the drivers of UART and microphone."""

    name = "qemu-xtensa"
    consoles = (UART, USB)
    tools = (QEMU,)

    def start(self, platform: Platform, image: Path, options: Options) -> Esp32s3Board:
        return start(image, options.tcp_port, options.pty, options.audio, console=options.console)

    def platform_of(self, image: bytes) -> str | None:
        return PLATFORM if image.startswith(bytes([ESP_MAGIC])) else None
