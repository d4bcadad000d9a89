"""``wwtool bringup`` on emulated ESP32-S3s: a good one, and one for each fault that a step should name."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from test_esp32s3_boot import PLATFORM, image

from wwtool.emulators import esp32s3
from wwtool.emulators.esp32s3_chip import Defects
from wwtool.engines.machines import picolibc
from wwtool.firmware.builds import Build
from wwtool.jobs.bringup import BringupPlan, BringupRequest, plan, run

pytestmark = pytest.mark.skipif(
    not picolibc() or not esp32s3.QEMU.is_there, reason="the Xtensa compiler or QEMU is missing"
)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image(tmp_path_factory.mktemp("good"))


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("noise") / "noise.raw"
    path.write_bytes(np.random.default_rng(1).integers(-900, 900, 16000 * 5).astype("<i2").tobytes())
    return path


def build_of(firmware: Path) -> Build:
    elf = firmware.with_suffix(".elf")
    images, hashes = {"elf": elf.name}, {elf.name: hashlib.sha256(elf.read_bytes()).hexdigest()}
    return Build(firmware.parent, PLATFORM, "", "", images, hashes, is_own=True)


def steps_of(firmware: Path, audio: Path | None, defects: Defects | None = None) -> dict[str, tuple[str, str]]:
    with esp32s3.start(firmware, audio=audio, defects=defects) as board:
        request = BringupRequest(platform="esp32s3", port=board.url)
        report = run(BringupPlan(request, PLATFORM, build_of(firmware), None))
        assert PLATFORM.silicon in report.json()
    return {step.name: (step.status, step.found) for step in report.steps}


def test_a_good_board(good: Path, noise: Path) -> None:
    steps = steps_of(good, noise)
    failed = {name: found for name, (status, found) in steps.items() if status == "failed"}
    assert not failed
    assert [name for name, (status, _) in steps.items() if status == "skipped"] == ["usb", "parity", "stream"]
    assert "says why" in steps["watchdog"][1]
    assert steps["flash"][1].endswith("are the build's"), "code is read at the address of data, and built at another"


@pytest.mark.slow
def test_a_slow_pll_fails_the_clock_and_a_silent_microphone_its_step(good: Path) -> None:
    steps = steps_of(good, None, Defects(pll_hz=450_000_000))
    assert steps["clock"][0] == "failed" and "its PLL gave 7" in steps["clock"][1]
    assert steps["microphone"][0] == "failed" and "0 samples came" in steps["microphone"][1]


@pytest.mark.slow
def test_a_microphone_that_is_stuck(good: Path, tmp_path: Path) -> None:
    (tmp_path / "flat.raw").write_bytes(bytes(16000 * 2 * 5))
    assert "no sound reaches the chip" in steps_of(good, tmp_path / "flat.raw")["microphone"][1]


def test_nothing_answers() -> None:
    report = run(plan(BringupRequest(platform="esp32s3", port="socket://127.0.0.1:1")))
    assert [step.status for step in report.steps] == ["failed"]
    assert report.failure is not None
