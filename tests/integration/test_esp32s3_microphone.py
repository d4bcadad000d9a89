"""The ESP32-S3's microphone driver, run in QEMU with every register it writes held to the manual."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from es8311_model import Es8311
from esp32s3_silicon import GPIO, RX_CONF, RX_CONF1, RX_START, RX_TDM, Silicon
from i2c_device import I2cDevice
from test_esp32s3_image import core_of, link_board

from wwtool.config import parse_config
from wwtool.emulators import esp32s3
from wwtool.emulators.esp32s3_chip import Defects
from wwtool.engines.machines import picolibc
from wwtool.firmware.esp_image import parse_esp_image, to_esp_image
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform

PLATFORM = load_platform("esp32s3")
BLOCKS, BLOCK, SETTLING = 5, 480, 1024  # samples
FIRST = 3 * BLOCK  # whole blocks, in which it settles
SCRATCH = 0x3FCD0000  # SRAM that the small test image does not use
MCLK, SD, BCK, WS = 23, 25, 26, 27  # signals: TRM, "Peripheral Signal List"
FOLLOWS_GPIO_OUT = 256

pytestmark = pytest.mark.skipif(
    not picolibc() or not esp32s3.QEMU.is_there, reason="the Xtensa compiler or QEMU is missing"
)


def wired(preset: str, **changes: object) -> Platform:
    return PLATFORM.with_board(parse_config({"board": {"preset": preset, **changes}}, "test").board)


class Board:
    """An image of the board without a model, started in the model of the silicon and stopped when it listens."""

    def __init__(self, silicon: Silicon, symbols: dict[str, int]) -> None:
        self.silicon, self._symbols = silicon, symbols
        silicon.run(symbols["microphone_read"])

    def read(self, most: int = 160) -> npt.NDArray[np.int16]:
        count = self.silicon.call(self._symbols["microphone_read"], SCRATCH, most)
        assert count <= most
        return np.frombuffer(self.silicon.stub.read(SCRATCH, 2 * count) if count else b"", "<i2")

    def read_all(self) -> npt.NDArray[np.int16]:
        parts = []
        while len(part := self.read()):
            parts.append(part)
        return np.concatenate(parts) if parts else np.empty(0, np.int16)

    def enable(self, on: bool) -> None:
        self.silicon.call(self._symbols["microphone_enable"], int(on))

    @property
    def overruns(self) -> int:
        return self.silicon.call(self._symbols["microphone_overruns"])


@contextmanager
def started_silicon(
    folder: Path, platform: Platform, defects: Defects | None = None, board: Path | None = None
) -> Iterator[tuple[Silicon, dict[str, int]]]:
    """The silicon before the first instruction of a board's image, or of a changed copy's, and the image's symbols."""
    elf = link_board(board or platform.board_folder, folder / "board.elf", platform)
    image = folder / "board.bin"
    to_esp_image(platform, elf, image)
    listing = subprocess.run(["xtensa-lx106-elf-nm", elf], capture_output=True, text=True, check=True).stdout
    symbols = {name: int(address, 16) for address, _, name in (line.split() for line in listing.splitlines())}
    with core_of(parse_esp_image(image.read_bytes())) as stub:
        silicon = Silicon(stub, defects=defects)
        silicon.replace(symbols, "uart_write", "usb_write")
        yield silicon, symbols


def started(folder: Path, platform: Platform, pll: bool = True, codec: bool = True) -> Iterator[Board]:
    with started_silicon(folder, platform, None if pll else Defects(pll_hz=440_000_000)) as (silicon, symbols):
        if not codec:  # nothing ever pulls a line low
            silicon.stub.write(GPIO + 0x3C, b"\xff" * 8)
        yield Board(silicon, symbols)


@pytest.fixture
def standard(tmp_path: Path) -> Iterator[Board]:
    yield from started(tmp_path, wired("devkitc"))


def slots(samples: npt.NDArray[np.int32]) -> bytes:
    """24-bit samples as the DMA stores them: at the left of 32 bits; what is to the right is noise."""
    return (samples.astype("<i4") * 256 + 0x5A).astype("<i4").tobytes()


def converted(levels: npt.NDArray[np.int64], gain_bits: int) -> npt.NDArray[np.int16]:
    """What the driver makes of samples in 31 bits: the mean taken off, gain, 16 bits."""
    dc, out = 0, []
    for i, level in enumerate(levels):
        if i < SETTLING:
            dc = int(level)
        dc += (int(level) - dc) >> 12
        out.append(min(32767, max(-32768, (int(level) - dc) >> (15 - gain_bits))))
    return np.array(out[SETTLING:], np.int16)


@pytest.mark.parametrize("pll", [True, False])
def test_an_i2s_microphone_is_set_up_as_the_manual_wants(pll: bool, tmp_path: Path) -> None:
    for board in started(tmp_path, wired("devkitc"), pll):
        s = board.silicon
        assert s.get(RX_CONF) & RX_START
        assert s.sample_hz == 16000, "to the last digit, from the PLL and from the crystal"
        assert (s.bit_clock_hz, s.module_hz) == (1_024_000, 4_096_000)
        assert s.get(RX_CONF1) >> 29 & 1 == 1, "Philips"
        assert s.get(RX_CONF1) >> 13 & 31 == 31, "32 bits are stored"
        assert s.get(RX_TDM) & 0xFFFF == 1, "the left slot"
        assert s.get(RX_CONF) & 1 << 5, "one slot of two"
        assert (s.output(4), s.output(5), s.input(SD)) == (BCK, WS, 6)
        assert len(s.descriptors) == BLOCKS


def test_the_right_slot_and_pins_of_a_config(tmp_path: Path) -> None:
    own = {"interface": "i2s", "bclk": 48, "ws": 33, "sd": 38, "slot": "right"}
    for board in started(tmp_path, wired("devkitc", microphone=own)):
        s = board.silicon
        assert s.get(RX_TDM) & 0xFFFF == 2
        assert (s.output(48), s.output(33), s.input(SD)) == (BCK, WS, 38)


def test_a_pdm_microphone_is_set_up_as_the_manual_wants(tmp_path: Path) -> None:
    for board in started(tmp_path, wired("xiao-sense")):
        s = board.silicon
        assert s.sample_hz == 16000
        assert s.bit_clock_hz == 1_024_000
        assert s.get(RX_CONF1) >> 7 & 63 >= 7, "the filter needs 8 clocks a bit"
        assert s.get(RX_TDM) & 0xFFFF == 2, "the left slot comes second in PDM"
        assert (s.output(42), s.input(SD)) == (WS, 41)
        samples = np.random.default_rng(1).integers(-9000, 9000, FIRST).astype("<i2")
        s.receive(samples.tobytes())
        assert np.array_equal(board.read_all(), converted(samples.astype(np.int64) << 15, 2))


def test_a_codec_gets_its_master_clock(tmp_path: Path) -> None:
    for board in started(tmp_path, wired("box-3")):
        s = board.silicon
        assert s.module_hz == 4_096_000
        assert (s.output(2), s.output(17), s.output(45), s.input(SD)) == (MCLK, BCK, WS, 16)
        assert (s.output(8), s.output(18), s.output(47)) == (FOLLOWS_GPIO_OUT,) * 3
        lines = 1 << 8 | 1 << 18
        assert not any(address == GPIO + 0x08 and value & lines for address, value in s.writes), "I2C is open-drain"


def hears_es8311(folder: Path, platform: Platform) -> Iterator[tuple[Board, Es8311]]:
    """The board with an ES8311 on its I2C pins, which follows the driver's own accesses to the pins."""
    wiring = platform.wiring
    assert wiring is not None
    pins = wiring.pins
    device = I2cDevice(pins["microphone.codec.sda"], pins["microphone.codec.scl"], 0x18)
    with started_silicon(folder, platform) as (silicon, symbols):

        def bit_clock() -> Fraction:
            return silicon.bit_clock_hz if silicon.get(RX_CONF) & RX_START else Fraction(0)

        def master_clock() -> Fraction:
            pin = pins.get("microphone.mclk")
            return silicon.module_hz if pin is not None and silicon.output(pin) == MCLK else Fraction(0)

        codec = Es8311(master_clock, bit_clock)
        device.on_write = codec.write

        def follow(address: int, value: int) -> Callable[[], None] | None:
            """GPIO_ENABLE pulls the lines of open-drain pins low; GPIO_IN is what is on them then."""
            for enable, first in ((GPIO + 0x24, 0), (GPIO + 0x30, 32)):
                for pin in (device.sda, device.scl):
                    if address in (enable, enable + 4) and first <= pin < first + 32 and value >> pin - first & 1:
                        device.pull(pin, address == enable)
            return show

        def show() -> None:
            high = sum(1 << pin for pin in (device.sda, device.scl) if device.level(pin))
            silicon.set(GPIO + 0x3C, high & 0xFFFFFFFF)
            silicon.set(GPIO + 0x40, high >> 32)

        silicon.chip.rules.append(follow)
        yield Board(silicon, symbols), codec


@pytest.mark.parametrize("preset", ["atom-echo-s3r", "atoms3-echo"])
def test_an_es8311_hears_what_it_needs(preset: str, tmp_path: Path) -> None:
    """With a master clock, and without: there it lives on the bit clock, which runs while it is set up."""
    for board, codec in hears_es8311(tmp_path, wired(preset)):
        board.enable(True)
        codec.check_listening(16_000)
        assert board.overruns == 0


ES8311_FAULTS = [
    ("es8311.c", "    {NOISE_IMMUNITY, 0x08}, /* of its I2C", "    /* of its I2C", "noise immunity of the bus"),
    ("es8311.c", "{CLOCK_DIVIDERS, 0x00}", "{0x13, 0x10}", "0x13 is no register"),
    ("es8311.c", "{SERIAL_OUT, 0x00}", "{SERIAL_OUT, 0x80}", "reserved bits of 0x0a"),
    ("es8311.c", "{RESET, 0x80}", "{RESET, 0x9F}", "blocks are held in reset"),
    ("microphone.c", "        microphone_enable(true);", "        ", "the clock that it is told to take does not come"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("file", "old", "new", "said"), ES8311_FAULTS)
def test_an_es8311_that_is_set_up_wrong_is_caught(file: str, old: str, new: str, said: str, tmp_path: Path) -> None:
    platform = wired("atoms3-echo")
    folder = shutil.copytree(platform.board_folder, tmp_path / "board")
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    broken = platform.model_copy(update={"board": str(folder)})
    with pytest.raises(AssertionError, match=said):
        for _, codec in hears_es8311(tmp_path, broken):
            codec.check_listening(16_000)


def test_without_an_answer_of_the_codec_nothing_is_heard_and_nothing_lost(tmp_path: Path) -> None:
    for board in started(tmp_path, wired("box-3"), codec=False):
        assert len(board.read_all()) == 0
        assert board.overruns == 0


def test_samples_come_in_order_without_their_mean_and_saturate(standard: Board) -> None:
    rng = np.random.default_rng(2)
    samples = (rng.integers(-40_000, 40_000, FIRST + 12 * BLOCK) + 300_000).astype(np.int32)
    samples[SETTLING + 100 : SETTLING + 110] = 8_388_607
    samples[SETTLING + 200 : SETTLING + 210] = -8_388_608
    heard = []
    for begin in range(0, len(samples), 2 * BLOCK):  # the ring goes round three times
        standard.silicon.receive(slots(samples[begin : begin + 2 * BLOCK]))
        heard.append(standard.read_all())
    expected = converted((samples.astype(np.int64) * 256 + 0x5A) >> 1, 3)
    result = np.concatenate(heard)
    assert np.array_equal(result, expected)
    assert result.max() == 32767
    assert result.min() == -32768
    quiet = result[1000:].astype(float)
    assert abs(quiet.mean()) < 100, "what is left of a mean of 9375"
    assert standard.overruns == 0


def test_a_reader_may_take_as_few_as_it_likes(standard: Board) -> None:
    samples = np.arange(FIRST, dtype=np.int32) * 1000
    standard.silicon.receive(slots(samples))
    expected = converted((samples.astype(np.int64) * 256 + 0x5A) >> 1, 3)
    taken = []
    while len(part := standard.read(7)):
        assert len(part) <= 7
        taken.append(part)
    assert np.array_equal(np.concatenate(taken), expected)


@pytest.mark.parametrize("late_blocks", [BLOCKS, BLOCKS + 3, 3 * BLOCKS - 1])
def test_a_late_reader_loses_samples_and_never_gets_wrong_ones(late_blocks: int, standard: Board) -> None:
    s = standard.silicon
    samples = np.arange(FIRST + 5 * BLOCKS * BLOCK, dtype=np.int32) * 60
    levels = (samples.astype(np.int64) * 256 + 0x5A) >> 1
    s.receive(slots(samples[:FIRST]))
    assert np.array_equal(standard.read_all(), converted(levels, 3)[: FIRST - SETTLING])
    nearly = FIRST + (BLOCKS - 1) * BLOCK  # all but one block: not lapped yet
    s.receive(slots(samples[FIRST:nearly]))
    assert np.array_equal(standard.read_all(), converted(levels, 3)[FIRST - SETTLING : nearly - SETTLING])
    assert standard.overruns == 0
    again = nearly + late_blocks * BLOCK
    s.receive(slots(samples[nearly:again]))
    in_oldest = nearly + (late_blocks - 1) // BLOCKS * BLOCKS * BLOCK
    assert len(standard.read_all()) == 0, "the oldest block is being written again"
    assert standard.overruns == BLOCKS * BLOCK
    s.receive(slots(samples[again : again + BLOCK]))
    # The mean has seen what was read of the block that was given up, and nothing else of what was lost.
    seen = [levels[:nearly], levels[in_oldest : in_oldest + 160], levels[again : again + BLOCK]]
    assert np.array_equal(standard.read_all(), converted(np.concatenate(seen), 3)[-BLOCK:])
    assert standard.overruns == BLOCKS * BLOCK


def test_a_reader_that_is_late_again_and_again_comes_back(standard: Board) -> None:
    s, lap = standard.silicon, BLOCKS * BLOCK
    silence = slots(np.zeros(lap + 2 * BLOCK, np.int32))
    for times in (1, 2, 3):
        s.receive(silence)
        assert len(standard.read_all()) == 0
        assert standard.overruns == times * lap
    s.receive(slots(np.full(FIRST, 5, np.int32)))
    assert len(standard.read_all()) > 0
    assert standard.overruns == 3 * lap


def test_blocks_that_end_early_are_as_long_as_they_say(standard: Board) -> None:
    samples = np.arange(SETTLING + 200, dtype=np.int32) * 900
    taken = []
    for begin in range(0, len(samples), 36):
        standard.silicon.receive(slots(samples[begin : begin + 36]), most=4 * 9)
        taken.append(standard.read_all())
    expected = converted((samples.astype(np.int64) * 256 + 0x5A) >> 1, 3)
    assert np.array_equal(np.concatenate(taken), expected)


def test_it_stops_and_starts_again_without_what_was_left(standard: Board) -> None:
    s = standard.silicon
    s.receive(slots(np.full(FIRST, 1000, np.int32)))
    assert len(standard.read(50)) == 50
    standard.enable(False)
    assert not s.get(RX_CONF) & RX_START
    assert not s.descriptors
    assert len(standard.read_all()) == 0, "what had come is gone"
    standard.enable(True)
    assert s.get(RX_CONF) & RX_START
    assert len(standard.read_all()) == 0
    s.receive(slots(np.full(FIRST, 7, np.int32)))
    assert len(standard.read_all()) == FIRST - SETTLING, "it settles again"
