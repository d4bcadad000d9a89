"""The steps of a first contact with a new board: what each shows, and what to look at when it fails."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from wwtool.base.cancellation import Cancellation
from wwtool.device.byte_port import Deadline
from wwtool.device.session import DeviceInfo, Session
from wwtool.errors import DeviceError
from wwtool.firmware.builds import Build
from wwtool.firmware.image_formats import RAM_IMAGES, read_ram_image
from wwtool.firmware.make_image import read_elf
from wwtool.frontend.geometry import SAMPLE_RATE_HZ
from wwtool.pipeline.hil import SUITES, Bench, Expectation
from wwtool.platforms.profile import Platform

_CLOCK_TOLERANCE = 0.02
_RESET_S = 60.0  # the longest that a watchdog and a start may take, on an emulated board too
_COMMAND_S = 60.0
_OPENINGS, _OPENING_S = 3, 15.0
_SYNC_S, _RETRY_S = 2.0, 0.2
_MIDDLE = 32768  # what the firmware adds to samples
_MOST_OFFSET = 4000
_REST = range(250, 751)  # thousandths of the supply; a MAX9814 rests at 1.23 V of 3.3 V (its datasheet)
_LOOK_S = 2.0
_MOMENTS = 3


class SkippedError(Exception):
    """The step cannot be done here; its text says why."""


@dataclass
class Contact:
    """A board in the middle of its first contact. ``boot`` are the facts of its boot log."""

    platform: Platform
    url: str
    build: Build | None = None
    expectation: Expectation | None = None
    session: Session | None = None
    info: DeviceInfo | None = None
    boot: dict[str, str] = field(default_factory=dict)

    def connect(self, patience_s: float | None = None) -> Session:
        """The session with the board; it is opened if it is not."""
        if self.session is None:
            self.session = Session(self.url, patience_s=patience_s)
        return self.session

    def close(self) -> None:
        """Closes the port."""
        if self.session is not None:
            self.session.close()
            self.session = None

    def lines(self, command: str) -> tuple[str, ...]:
        """The lines of an answer.

        Raises:
            SkippedError: the board cannot do that.
        """
        try:
            return tuple(self.connect().link.command(command, _COMMAND_S).lines)
        except DeviceError as error:
            if "Not on this board" in str(error):
                raise SkippedError("the board cannot do this") from error
            raise

    def numbers(self, command: str, count: int) -> list[int]:
        """The numbers of an answer ``COMMAND-[N N ...]``."""
        for line in self.lines(command):
            if line.startswith(f"{command}-[") and line.endswith("]"):
                words = line[len(command) + 2 : -1].split()
                if len(words) == count and all(word.isdigit() for word in words):
                    return [int(word) for word in words]
        raise DeviceError(f"the answer to {command} has not {count} numbers; flash this version of wwtool's firmware")

    def read_boot(self) -> None:
        """Asks for the boot log."""
        text = "\n".join(self.lines("ww-boot"))
        self.boot = dict(re.findall(r"ww-boot-\[([a-z_]+)=([^\]\n]*)\]", text))


@dataclass(frozen=True)
class StepResult:
    """A step as the report has it; ``found`` is what it saw, or why it failed or was skipped."""

    name: str
    status: Literal["passed", "failed", "skipped"]
    shows: str
    found: str
    look: str


@dataclass(frozen=True)
class Step:
    """A step: what a pass shows, what to look at after a failure, and the test, which returns what it saw."""

    shows: str
    look: str
    run: Callable[[Contact], str]


def _console(contact: Contact) -> str:
    info = contact.info = contact.connect().info()
    if info.board != contact.platform.board_folder.name:
        raise DeviceError(f"the board calls itself {info.board}; it runs the image of another board")
    contact.read_boot()
    facts = ", ".join(f"{key} {value}" for key, value in contact.boot.items())
    return f"{info.board} runs “{info.phrase}”, model {info.sha256[:12]}; {facts}"


def _clock(contact: Contact) -> str:
    said = ""
    if "clock_khz" in contact.boot:
        khz, expected = int(contact.boot["clock_khz"]), int(contact.boot["clock_khz_expected"])
        said = f"the board measures {khz} kHz of {expected}; "
        if abs(khz - expected) > expected * _CLOCK_TOLERANCE:
            pll = f", as its PLL gave {contact.boot['pll_khz']}" if "pll_khz" in contact.boot else ""
            raise DeviceError(f"the core runs at {khz} kHz instead of {expected}{pll}")
    begin = _moment(contact)
    time.sleep(_LOOK_S)
    end = _moment(contact)
    passed_us = (end.board_us - begin.board_us) % (1 << 32)
    least_us, most_us = (end.asked_s - begin.answered_s) * 1e6, (end.answered_s - begin.asked_s) * 1e6
    ratio = passed_us / ((least_us + most_us) / 2)
    if "://" in contact.url:
        return f"{said}{ratio:.3f} of this computer's time, not held to anything on a network port"
    if not least_us * (1 - _CLOCK_TOLERANCE) <= passed_us <= most_us * (1 + _CLOCK_TOLERANCE):
        raise DeviceError(f"{said}its seconds are {ratio:.3f} of this computer's")
    return f"{said}{ratio:.4f} of this computer's time"


@dataclass(frozen=True)
class _Moment:
    """The board's time at some moment between the question and its answer."""

    board_us: int
    asked_s: float
    answered_s: float


def _moment(contact: Contact) -> _Moment:
    """The surest of some: a computer that is busy answers itself late."""
    moments = []
    for _ in range(_MOMENTS):
        asked_s = time.monotonic()
        board_us = _micros(contact)
        moments.append(_Moment(board_us, asked_s, time.monotonic()))
    return min(moments, key=lambda moment: moment.answered_s - moment.asked_s)


def _micros(contact: Contact) -> int:
    for line in contact.lines("timestamp"):
        if line.startswith("m-lap-us-"):
            return int(line.removeprefix("m-lap-us-"))
    raise DeviceError("the board does not tell its time; flash it again")


def _ram(contact: Contact) -> str:
    count, bad, last = contact.numbers("ww-ram", 3)
    if bad:
        raise DeviceError(f"{bad} words of {count // 4} do not keep what is written to them, such as that at {last:#x}")
    return f"{count} free bytes keep every bit"


def _code(contact: Contact) -> str:
    begin, count, crc = contact.numbers("ww-code", 3)
    if contact.build is None:
        return f"CRC-32 {crc:08x} of {count} bytes at {begin:#x}; give --build to compare it"
    if crc not in _crcs_of_build(contact.build, begin, count):
        raise DeviceError(f"the {count} bytes that run at {begin:#x} are not the build's: CRC-32 {crc:08x}")
    return f"the {count} bytes that run at {begin:#x} are the build's"


def _crcs_of_build(build: Build, begin: int, count: int) -> set[int]:
    """Of what lies there with the program in flash, and with the one that is started from RAM."""
    alias = build.platform.memory.code_alias
    programs = [
        [
            (address, section.content)
            for section in read_elf(build.image("elf").read_bytes())[1]
            for address in (section.address, section.load_address, section.address - alias)
        ]
    ]
    for kind in RAM_IMAGES:
        if kind in build.images:
            programs.append([read_ram_image(build.platform, build.image(kind).read_bytes())])
    return {zlib.crc32(_memory(program, begin, count)) for program in programs}


def _memory(parts: list[tuple[int, bytes]], begin: int, count: int) -> bytearray:
    """The bytes from ``begin`` on, of parts at their addresses."""
    memory = bytearray(count)
    for address, content in parts:
        first, end = max(address, begin), min(address + len(content), begin + count)
        if first < end:
            memory[first - begin : end - begin] = content[first - address : end - address]
    return memory


def _microphone(contact: Contact) -> str:
    samples, us, mean, low, high = contact.numbers("ww-mic", 5)
    if samples < SAMPLE_RATE_HZ:
        raise DeviceError(f"{samples} samples came in {us / 1e6:.1f} s instead of {SAMPLE_RATE_HZ} in one")
    if low == high:
        raise DeviceError(f"all samples are {mean - _MIDDLE}: no sound reaches the chip")
    said = f"offset {mean - _MIDDLE}, from {low - _MIDDLE} to {high - _MIDDLE}"
    if abs(mean - _MIDDLE) > _MOST_OFFSET:
        raise DeviceError(f"{said}: the middle is far from 0")
    contact.read_boot()
    rest = contact.boot.get("microphone_rest", "")
    if rest.isdigit():  # a board that takes the middle off its samples
        said += f", around {int(rest) / 10:.0f} % of the supply"
        if int(rest) not in _REST:
            raise DeviceError(f"{said}: the microphone does not rest near half of it")
    return f"{said}; speak, and run this again to see it grow"


def _light(contact: Contact) -> str:
    contact.lines("ww-led 1")
    time.sleep(_LOOK_S / 2)
    contact.lines("ww-led 0")
    return "the light was told to be on for a second, and then off; only you can see it"


def _watchdog(contact: Contact) -> str:
    contact.lines("ww-hang")
    since = time.monotonic()
    try:
        _open_again(contact, _RESET_S)
    except DeviceError:
        raise DeviceError(f"the board does not come back {_RESET_S:.0f} s after its main loop stopped") from None
    contact.read_boot()
    reset = contact.boot.get("reset", "for a reason that it does not tell")
    if reset != "watchdog":
        raise DeviceError(f"the board came back, but says that its reset was: {reset}")
    return f"the board came back after {time.monotonic() - since:.0f} s and says why"


def _open_again(contact: Contact, patience_s: float) -> None:
    """Closes the port and opens it; a board that restarts takes its time.

    Raises:
        DeviceError: it does not answer in time.
    """
    deadline = Deadline(patience_s)
    contact.close()
    while contact.session is None:
        try:
            contact.connect(patience_s=_SYNC_S)
        except DeviceError:
            if deadline.over:
                raise
            time.sleep(_RETRY_S)


def _usb(contact: Contact) -> str:
    for number in range(1, _OPENINGS + 1):
        try:
            _open_again(contact, _OPENING_S)
        except DeviceError as error:
            raise DeviceError(f"opening {number} of {_OPENINGS}: the port stays silent: {error}") from error
    place = "; it is a network port" if "://" in contact.url else ""
    return f"the port was opened {_OPENINGS} times, and the board answered each time{place}"


def _suite(name: str) -> Callable[[Contact], str]:
    def run(contact: Contact) -> str:
        if contact.expectation is None or contact.info is None:
            raise SkippedError("it needs --build")
        result = SUITES[name].run(
            Bench(contact.connect(), contact.info, contact.expectation, None, 0.0, Cancellation())
        )
        wrong = [case for case in result.cases if case.checked and not case.passed]
        if wrong or not result.passed:
            raise DeviceError("; ".join(f"{case.name}: {case.message}" for case in wrong) or "nothing could be checked")
        return ", ".join(f"{key} {value:,.6g}" for key, value in result.metrics.items())

    return run


STEPS = {
    "console": Step(
        "the image starts, and both ends speak the protocol",
        "the cable, the port, the boot log at 115200 baud; flash again, or from RAM with `wwtool flash --ram`",
        _console,
    ),
    "clock": Step(
        "the core has the clock it should have", "clock_khz and pll_khz of the boot log; supply voltage", _clock
    ),
    "ram": Step("RAM keeps its content", "supply voltage, clock; another board of the same kind", _ram),
    "flash": Step("what runs is what was built", "flash it again; flash mode and frequency of the profile", _code),
    "microphone": Step(
        "sound reaches the chip", "wiring, supply and slot of the microphone, gain_db; a codec's I2C", _microphone
    ),
    "light": Step("the indicator follows", "its pin and polarity; an LED needs a resistor", _light),
    "watchdog": Step(
        "a main loop that hangs is reset", "the boot log after the reset: reset and reset_code", _watchdog
    ),
    "usb": Step("the port can be opened again and again", "the hub and the cable; what the system's log says", _usb),
    "parity": Step(
        "the model computes the host's bytes", "wwtool hil --suite parity, and the RAM step", _suite("parity")
    ),
    "stream": Step("front end, model and detector agree", "wwtool hil --suite stream", _suite("stream")),
}


def run_step(name: str, contact: Contact) -> StepResult:
    """Runs a step; a failure is a result."""
    step = STEPS[name]
    status: Literal["passed", "failed", "skipped"] = "passed"
    try:
        found = step.run(contact)
    except SkippedError as error:
        status, found = "skipped", str(error)
    except DeviceError as error:
        status, found = "failed", str(error)
        contact.close()  # what comes next begins anew
    return StepResult(name, status, step.shows, found, step.look)
