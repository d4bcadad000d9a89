"""Parts of the ESP32-S3's board code that need no ESP32-S3: the divider's arithmetic, and codecs set up over I2C."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from i2c_device import I2cDevice

from wwtool.config import parse_config
from wwtool.engines.machines import WARNINGS
from wwtool.packages.bare_metal.project import write_board_config
from wwtool.platforms.load import load_platform

PLATFORM = load_platform("esp32s3")
COMPILER = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")

pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C compiler")

# The board's pins and time, given from Python.
SHIM = """
#include "clock.h"
#include "gpio.h"
void (*on_pull)(uint32_t pin, bool low);
bool (*on_read)(uint32_t pin);
uint32_t waited_us;
void gpio_open_drain(uint32_t pin) { on_pull(pin, false); }
void gpio_pull(uint32_t pin, bool low) { on_pull(pin, low); }
bool gpio_read(uint32_t pin) { return on_read(pin); }
void clock_wait_us(uint32_t us) { waited_us += us; }
"""


def compiled(folder: Path, *names: str, shim: str = "") -> ctypes.CDLL:
    """The board's files as a library of this computer; its assembler is never reached."""
    (folder / "shim.c").write_text(shim)
    sources = [str(PLATFORM.board_folder / name) for name in names] + ([str(folder / "shim.c")] if shim else [])
    library = folder / "board.so"
    subprocess.run(
        [str(COMPILER), *WARNINGS, "-O2", "-fPIC", "-shared",
         f"-I{PLATFORM.board_folder}", f"-I{folder}", "-o", str(library), *sources],
        check=True,
    )  # fmt: skip
    return ctypes.CDLL(str(library))


class Divider(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_uint32) for name in ("whole", "x", "y", "z")),
        ("yn1", ctypes.c_bool),
    )

    @property
    def division(self) -> Fraction:
        """What the TRM says of the fields ("I2S Clock")."""
        if self.z == 0:
            return Fraction(self.whole)
        short = self.z * (1 if self.yn1 else self.x) + (0 if self.yn1 else self.y)
        long = self.z * (self.x if self.yn1 else 1) + (self.y if self.yn1 else 0)
        return Fraction(short * self.whole + long * (self.whole + 1), short + long)


@pytest.fixture(scope="module")
def divide(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, int], Divider | None]:
    library = compiled(tmp_path_factory.mktemp("divider"), "i2s_clock.c")
    library.i2s_divide.argtypes = (ctypes.c_uint32, ctypes.c_uint32, ctypes.POINTER(Divider))
    library.i2s_divide.restype = ctypes.c_bool

    def call(source: int, target: int) -> Divider | None:
        divider = Divider()
        return divider if library.i2s_divide(source, target, ctypes.byref(divider)) else None

    return call


Divide = Callable[[int, int], Divider | None]


@pytest.mark.parametrize(
    ("source", "target", "fields"),
    [  # by hand, from the TRM's formulae
        (160_000_000, 4_096_000, (39, 15, 0, 1, False)),  # 39 + 1/16
        (40_000_000, 4_096_000, (9, 3, 4, 15, True)),  # 9 + 49/64
        (160_000_000, 8_192_000, (19, 1, 2, 15, True)),  # 19 + 17/32
        (160_000_000, 4_000_000, (40, 0, 0, 0, False)),
    ],
)
def test_dividers_by_hand(source: int, target: int, fields: tuple[int, ...], divide: Divide) -> None:
    divider = divide(source, target)
    assert divider is not None
    assert (divider.whole, divider.x, divider.y, divider.z, divider.yn1) == fields
    assert divider.division == Fraction(source, target)


@given(
    whole=st.integers(0, 300), denominator=st.integers(1, 700), numerator=st.integers(0, 699), unit=st.integers(1, 8000)
)
def test_a_divider_is_exact_or_refused(divide: Divide, whole: int, denominator: int, numerator: int, unit: int) -> None:
    source, target = (whole * denominator + numerator % denominator) * unit, denominator * unit
    wanted = Fraction(source, target)
    divider = divide(source, target)
    if not 2 <= int(wanted) <= 255 or wanted.denominator > 511:
        assert divider is None
        return
    assert divider is not None
    assert divider.division == wanted
    assert divider.whole < 256
    assert max(divider.x, divider.y, divider.z) < 512


@given(source=st.integers(0, (1 << 32) - 1), target=st.integers(0, (1 << 32) - 1))
def test_any_two_frequencies(divide: Divide, source: int, target: int) -> None:
    divider = divide(source, target)
    assert divider is None or divider.division == Fraction(source, target)


def attach(library: ctypes.CDLL, device: I2cDevice) -> object:
    """Lets a device hear and pull the lines of board code; the result is to be kept."""
    pull = ctypes.CFUNCTYPE(None, ctypes.c_uint32, ctypes.c_bool)(device.pull)
    read = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_uint32)(device.level)
    for name, function in (("on_pull", pull), ("on_read", read)):
        ctypes.c_void_p.in_dll(library, name).value = ctypes.cast(function, ctypes.c_void_p).value
    return pull, read


def codec(folder: Path, preset: str, address: int, deaf_for: int = 0) -> tuple[bool, list[tuple[int, int]]]:
    """Runs the set-up of a preset's codec; whether it says that it worked, and what the device was told."""
    platform = PLATFORM.with_board(parse_config({"board": {"preset": preset}}, "test").board)
    assert platform.wiring is not None
    write_board_config(folder, platform)
    library = compiled(folder, "codec.c", "es7210.c", "es8311.c", "i2c.c", shim=SHIM)
    pins = platform.wiring.pins
    device = I2cDevice(pins["microphone.codec.sda"], pins["microphone.codec.scl"], address, deaf_for)
    kept = attach(library, device)
    library.codec_init.restype = ctypes.c_bool
    worked = bool(library.codec_init())
    del kept
    bits = 9 * 3 * max(1, len(device.writes))
    assert ctypes.c_uint32.in_dll(library, "waited_us").value > bits * 10, "no faster than 100 kHz"
    return worked, device.writes


def test_es7210(tmp_path: Path) -> None:
    worked, writes = codec(tmp_path, "box-3", 0x40)
    assert worked
    last = dict(writes)
    assert writes[0] == (0x00, 0xFF), "a reset first"
    assert writes[-2:] == [(0x00, 0x71), (0x00, 0x41)], "and running last"
    assert last[0x11] == 0, "24 bits, Philips"
    assert last[0x12] == 0, "no TDM"
    assert last[0x04] << 8 | last[0x05] == 256, "master clocks a sample"
    assert last[0x02] == 0xC1, "the master clock doubled, divided by one, DLL passed by"
    assert last[0x43] == 0x1A, "30 dB"


def test_es8311(tmp_path: Path) -> None:
    worked, writes = codec(tmp_path, "atom-echo-s3r", 0x18)
    assert worked
    last = dict(writes)
    assert writes[:2] == [(0x44, 8), (0x44, 8)]
    assert last[0x00] == 0x80, "it runs, as a slave"
    assert last[0x01] == 0x3F, "clocks from the pin MCLK"
    assert last[0x02] == 0, "as fast as that"
    assert (last[0x07] << 8 | last[0x08]) + 1 == 256, "master clocks a sample"
    assert last[0x0A] == 0, "24 bits, Philips, not muted"
    assert last[0x09] & 0x40, "the speaker's side is mute"


def test_es8311_without_a_master_clock_makes_it_of_the_bit_clock(tmp_path: Path) -> None:
    worked, writes = codec(tmp_path, "atoms3-echo", 0x18)
    assert worked
    last = dict(writes)
    assert last[0x01] == 0xBF, "clocks from the bit clock"
    assert 64 << (last[0x02] >> 3 & 3) == 256, "clocks a sample"


def test_a_codec_that_is_slow_to_answer_is_asked_again(tmp_path: Path) -> None:
    worked, writes = codec(tmp_path, "atom-echo-s3r", 0x18, deaf_for=2)
    assert worked
    assert len(writes) == 27


def test_a_codec_that_is_not_there(tmp_path: Path) -> None:
    worked, writes = codec(tmp_path, "box-3", 0x41)
    assert not worked
    assert writes == []
