"""How often a board that listens wakes: once a hop, and for its tick; and that the Pico hears blocks of any length."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial
from board_images import PICO_FLAGS, changed_board, host_events, link_arm_board, nano_image, pico_image
from cli import emulation_missing
from test_esp32s3_image import link_board
from test_microphone_samples import NOISE, agree, as_the_pico_converts, heard_by_the_pico

from wwtool.base.assets import asset_dir
from wwtool.emulators import esp32s3, nano, pico
from wwtool.engines.machines import picolibc
from wwtool.firmware.esp_image import to_esp_image
from wwtool.platforms.load import load_platform

BOARDS = asset_dir("firmware_templates") / "boards"
SILENCE_S, LISTENS_S = 30, 3.0
_MOST_COMMANDS = 8  # one that comes while the core works, or with a block, says nothing of the console's interrupt
FAINT = NOISE // 2  # loud noise can hold the value at which the fake program hangs
TICK_HZ = {"pico": 125e6 / 2**24, "nano33ble": 10.0, "esp32s3": 10.0}

needs_pico = pytest.mark.skipif(bool(emulation_missing()), reason=emulation_missing() or "all is there")
needs_esp32s3 = pytest.mark.skipif(
    not picolibc() or not esp32s3.QEMU.is_there, reason="the Xtensa compiler or QEMU is missing"
)
needs_arm = pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed")

Waits = Callable[[], tuple[float, float]]


@contextmanager
def listening(name: str, folder: Path, board: Path) -> Iterator[tuple[str, Waits]]:
    """A board with the fake program in silence: its console, and a count of its waits and of its seconds so far."""
    audio = folder / "silence.raw"
    audio.write_bytes(bytes(2 * 16000 * SILENCE_S))
    if name == "esp32s3":
        image = folder / "x.bin"
        to_esp_image(load_platform(name), link_board(board, folder / "x.elf"), image)
        with esp32s3.start(image, audio=audio) as chip:
            yield chip.url, lambda: chip.waits
        return
    if name == "pico":
        link_arm_board(board, folder / "x.elf", PICO_FLAGS)
        running = pico.start(pico_image(folder / "x.elf"), audio=audio)
    else:
        pytest.importorskip("unicorn")
        running = nano.start(nano_image(folder / "x.elf", board), audio=audio)
    with running as emulator:

        def waits() -> tuple[float, float]:
            stats = emulator.stats()
            return stats["sleeps"], stats["simulated_s"]

        yield emulator.url, waits


def wakes_a_second(waits: Waits) -> float:
    count, since = waits()
    now, seconds = waits()
    while seconds < since + LISTENS_S:
        time.sleep(0.02)
        now, seconds = waits()
    return (now - count) / (seconds - since)


@pytest.mark.parametrize("block", [480, 320])
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("pico", marks=needs_pico),
        pytest.param("nano33ble", marks=needs_arm),
        pytest.param("esp32s3", marks=needs_esp32s3),
    ],
)
def test_a_board_that_listens_wakes_once_a_hop(name: str, block: int, tmp_path: Path) -> None:
    board = changed_board(name, tmp_path / "board", "audio_block.h", "SAMPLES 480", f"SAMPLES {block}")
    with listening(name, tmp_path, board) as (_, waits):
        a_second = wakes_a_second(waits)
    print(f"{name}, blocks of {block} samples: {a_second:.1f} wake-ups a second")
    assert a_second == pytest.approx(16000 / block + TICK_HZ[name], abs=1.5)


@needs_esp32s3
@pytest.mark.parametrize("works", [True, False], ids=["works", "deaf"])
def test_a_console_that_wakes_nobody_makes_the_tick_fast(works: bool, tmp_path: Path) -> None:
    board = BOARDS / "esp32s3"
    if not works:
        enable = "REG(source->enable) = source->bits;"
        deaf = "REG(source->enable) = source == sources ? 0 : source->bits;"
        board = changed_board("esp32s3", tmp_path / "board", "sleep.c", enable, deaf)
    with listening("esp32s3", tmp_path, board) as (url, waits), serial.serial_for_url(url, timeout=20) as port:
        for _ in range(_MOST_COMMANDS):
            port.write(b"name%")
            port.read_until(b"m-ready\r\n")
            if (wakes_a_second(waits) > 90) is not works:
                return
    raise AssertionError("the tick does not follow the console")


@needs_pico
@pytest.mark.parametrize("block", [240, 320, 640, 960])
def test_the_pico_hears_every_sample_in_blocks_of_another_length(block: int, tmp_path: Path) -> None:
    board = changed_board("pico", tmp_path / "board", "audio_block.h", "SAMPLES 480", f"SAMPLES {block}")
    heard = heard_by_the_pico(board, FAINT, tmp_path)
    assert agree(heard, host_events(tmp_path, as_the_pico_converts(FAINT, block)))
