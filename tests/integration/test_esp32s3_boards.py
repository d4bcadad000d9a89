"""Boards of the ESP32-S3 on the command line: chosen, refused, listed, and named in what a build leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli import SMALL, run_apart, run_here

from wwtool.emulators import esp32s3
from wwtool.engines.machines import picolibc

BUILD = ("build", "--platform", "esp32s3", "--phrase", "hey computer")

needs_tools = pytest.mark.skipif(
    not picolibc() or not esp32s3.QEMU.is_there, reason="the Xtensa compiler or QEMU is missing"
)


def test_boards_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    shown = run_here(capsys, "platforms", "esp32s3_psram").out
    for name, pin in (("devkitc", "BCLK GPIO4"), ("box-3", "SDA GPIO8"), ("xiao-sense", "clock GPIO42")):
        assert f"--board {name} " in shown
        assert pin in shown
    told = json.loads(run_here(capsys, "platforms", "esp32s3", "--json").out)
    assert told["presets"]["box-3"]["microphone"]["codec"] == {"chip": "es7210", "sda": 8, "scl": 18}
    assert json.loads(run_here(capsys, "platforms", "pico", "--json").out)["presets"] == {}


def test_a_board_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    run_here(capsys, *BUILD, "--board", "xiao-sens", "--out", out).refused(2, "did you mean 'xiao-sense'")
    pico = run_here(capsys, "build", "--platform", "pico", "--phrase", "hey", "--board", "box-3", "--out", out)
    pico.refused(2, "pico is one board, with fixed pins")
    assert not out.exists()


def test_pins_that_contradict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "my.yaml"
    file.write_text("board: {microphone: {interface: i2s, bclk: 4, ws: 5, sd: 28}}")
    result = run_here(capsys, *BUILD, "--config", file, "--out", tmp_path / "out")
    result.refused(4, "board.microphone.sd: GPIO28", "flash", "another pin")


@pytest.mark.slow
@needs_tools
def test_a_build_names_its_board(tmp_path: Path) -> None:
    file, out = tmp_path / "small.yaml", tmp_path / "out"
    file.write_text(SMALL + "board: {preset: box-3, indicator: {pin: 46}}\n")
    built = run_apart(*BUILD, "--board", "xiao-sense", "--config", file, "--out", out)
    assert (built.code, built.err) == (0, ""), built.out
    assert "Nothing of this image has been seen on silicon" in built.out
    for text in ("board    Seeed Studio XIAO ESP32S3 Sense", "clock GPIO42, data GPIO41", "reads GPIO46 at reset"):
        assert text in built.out
    board = json.loads((out / "manifest.json").read_text())["board"]
    assert (board["preset"], board["microphone"]["clk"], board["indicator"]["pin"]) == ("xiao-sense", 42, 46)
    report = (out / "report.html").read_text()
    assert "clock GPIO42, data GPIO41" in report
    assert "Nothing of this image has been seen on silicon" in report
    assert "BOARD_PIN_SD = 41," in (out / "firmware" / "board" / "board_config.h").read_text()
    again = run_apart(*BUILD, "--config", file, "--out", out)
    lines = {line.split()[1]: line for line in again.out.splitlines() if line.strip().startswith("✓")}
    assert "unchanged" in lines["train"], "another board needs no training"
    assert "unchanged" not in lines["firmware"], "but another image"
    with esp32s3.start(out) as emulator:
        tested = run_apart("hil", "--port", emulator.url, "--build", out)
    assert (tested.code, tested.err) == (0, ""), tested.out
