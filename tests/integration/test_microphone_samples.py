"""A second of audio arrives sample for sample, while the main loop has other work: it gives this machine's scores."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import serial
from board_images import changed_board, host_events, link_arm_board, nano_image
from cli import emulation_missing

from wwtool.base.assets import asset_dir
from wwtool.device.protocol import Event, parse_event

pytestmark = pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed")

SETTLING = 480  # samples that the Nano's driver throws away: two blocks, of which the first holds none yet (pdm.c)
NOISE = np.random.default_rng(7).integers(-9000, 9000, SETTLING + 20000).astype("<i2")


def scores(text: str) -> list[Event]:
    return [event for line in text.splitlines() if (event := parse_event(line)) and event.kind == "prob"]


def agree(heard: Sequence[Event], expected: Sequence[Event]) -> bool:
    """Whether the events of the frames that both have are the same."""
    known = {event.frame: event for event in expected if event.kind == "prob"}
    both = [event for event in heard if event.frame in known]
    assert len(both) > 25
    return all(event == known[event.frame] for event in both)


@pytest.mark.parametrize("patch", [None, ("offer(other);", "offer(state.offered);")], ids=["right", "wrong-half"])
def test_the_nano_hears_every_sample(tmp_path: Path, patch: tuple[str, str] | None) -> None:
    pytest.importorskip("unicorn")
    from nano_board import Board

    folder = changed_board("nano33ble", tmp_path / "board", "pdm.c", *patch) if patch else None
    board = Board(nano_image(tmp_path / "fake.elf", folder), audio=NOISE.tobytes())
    board.type_on_uart(b"ww-prob 1%")
    while board.chip.pdm.position < len(NOISE):
        board.run(0.0073)
        board.type_on_uart(b"help%")  # work between the samples
    assert agree(scores(board.uart.decode()), host_events(tmp_path, NOISE[SETTLING:])) is (patch is None)


def overruns(said: bytes) -> int:
    return int(said.split(b"overruns=")[1].split(b"]")[0])


LATE_US = 400_000  # of work without a look at the microphone; the rings hold 2048 samples
WORK = f"""void board_indicate(bool on)
{{
    const uint32_t since = board_micros();
    while (on && board_micros() - since < {LATE_US}u) {{
    }}
"""
INDICATE = "void board_indicate(bool on)\n{\n"
LOST = LATE_US * 16 // 1000 - 2048


def test_a_late_nano_counts_what_it_has_lost(tmp_path: Path) -> None:
    pytest.importorskip("unicorn")
    from nano_board import Board

    folder = changed_board("nano33ble", tmp_path / "late", "board.c", INDICATE, WORK)
    board = Board(nano_image(tmp_path / "fake.elf", folder), audio=bytes(4 * 16000))
    board.run(0.2)
    assert overruns(board.ask_on_uart(b"ww-memory%")) == 0
    board.ask_on_uart(b"ww-led 1%")
    assert overruns(board.ask_on_uart(b"ww-memory%")) == pytest.approx(LOST, abs=480)
    board.run(0.3)
    assert overruns(board.ask_on_uart(b"ww-memory%")) == pytest.approx(LOST, abs=480), "no more since then"


def as_the_pico_converts(audio: np.ndarray, block: int = 480) -> np.ndarray:
    """12 bits around a running mean (adc.c). The first block is thrown away."""
    mean, out = 2048 << 16, []
    for raw in ((audio[block:].astype(int) + 32768) >> 4).tolist():
        mean += ((raw << 16) - mean) >> 12
        out.append((raw - (mean >> 16)) * 16)
    samples: np.ndarray = np.clip(out, -32768, 32767).astype("<i2")
    return samples


def heard_by_the_pico(board: Path, noise: npt.NDArray[np.int16], folder: Path) -> list[Event]:
    """The scores of a Pico with the files of ``board``, which has other work between the samples."""
    from board_images import PICO_FLAGS, pico_image

    from wwtool.emulators import pico

    link_arm_board(board, folder / "fake.elf", PICO_FLAGS)
    audio = folder / "noise.raw"
    audio.write_bytes(noise.tobytes())
    text = ""
    with (
        pico.start(pico_image(folder / "fake.elf"), audio=audio) as emulator,
        serial.serial_for_url(emulator.url, timeout=20) as port,
    ):
        port.write(b"ww-prob 1%")
        while emulator.stats()["audio_samples"] < len(noise):
            port.write(b"help%")
            text += port.read_until(b"m-ready\r\n").decode()
        port.write(b"stop%")
        text += port.read_until(b"m-ready\r\n").decode()
    return scores(text)


@pytest.mark.skipif(bool(emulation_missing()), reason=emulation_missing() or "all is there")
@pytest.mark.parametrize(
    "patch", [None, ("state.begin += BLOCK_SAMPLES", "state.begin = 0")], ids=["right", "one-begin"]
)
def test_the_pico_hears_every_sample(tmp_path: Path, patch: tuple[str, str] | None) -> None:
    board = asset_dir("firmware_templates") / "boards" / "pico"
    if patch:
        board = changed_board("pico", tmp_path / "board", "adc.c", *patch)
    heard = heard_by_the_pico(board, NOISE, tmp_path)
    assert agree(heard, host_events(tmp_path, as_the_pico_converts(NOISE))) is (patch is None)


@pytest.mark.skipif(bool(emulation_missing()), reason=emulation_missing() or "all is there")
def test_a_late_pico_counts_what_it_has_lost(tmp_path: Path) -> None:
    from board_images import PICO_FLAGS, pico_image

    from wwtool.emulators import pico

    link_arm_board(changed_board("pico", tmp_path / "late", "board.c", INDICATE, WORK), tmp_path / "x.elf", PICO_FLAGS)
    audio = tmp_path / "silence.raw"
    audio.write_bytes(bytes(2 * 16000 * 5))
    with (
        pico.start(pico_image(tmp_path / "x.elf"), audio=audio) as emulator,
        serial.serial_for_url(emulator.url, timeout=20) as port,
    ):
        counts = []
        for command in (b"ww-memory%", b"ww-led 1%", b"ww-memory%", b"ww-memory%"):
            port.write(command)
            said = port.read_until(b"m-ready\r\n")
            while b"m-init-done" in said or b"ww-boot" in said:
                said = port.read_until(b"m-ready\r\n")
            counts += [overruns(said)] if b"overruns=" in said else []
        emulator.check()
    assert counts[0] == 0
    assert counts[1] == pytest.approx(LOST, abs=480)
    assert counts[2] == counts[1], "no more since then"
