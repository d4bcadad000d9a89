"""A Pico flashed all round: asked for its boot loader, given the UF2 file, and running what was in it. Emulated."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import termios
from contextlib import ExitStack
from pathlib import Path

import pytest
from cli import emulation_missing, run_here
from fake_boards import Bench, line_rate

from wwtool.base.files import sha256_of, write_json
from wwtool.budget.dry_build import random_model
from wwtool.emulators import pico
from wwtool.evaluation.detector import DetectorConfig
from wwtool.firmware.toolchains import find_toolchain
from wwtool.firmware.uf2 import from_uf2
from wwtool.models.zoo import ZOO
from wwtool.packages.bare_metal.image import build_image
from wwtool.packages.bare_metal.project import write_project
from wwtool.packages.bare_metal.ram_image import ram_image
from wwtool.platforms.load import load_platform

CONSOLE = "2e8a:000a"

pytestmark = pytest.mark.skipif(bool(emulation_missing()), reason=emulation_missing() or "all is there")


def _build(folder: Path) -> Path:
    """The project's own image of the smallest model of the zoo with random weights, and a manifest of it."""
    platform = load_platform("pico")
    toolchain = find_toolchain(platform)
    name = min(ZOO, key=lambda n: ZOO[n].macs)
    compiled = random_model(platform, ZOO[name], name)
    project = write_project(folder / "firmware", platform, toolchain, compiled, "hey fake", DetectorConfig())
    parts = (project, platform, toolchain, folder / "objects", folder / "image", "hey")
    files = {**build_image(*parts).files, **ram_image(*parts)}
    images = {kind: str(path.relative_to(folder)) for kind, path in files.items()}
    manifest = {
        "schema": "wwtool.manifest", "version": 1, "platform": "pico", "phrase": "hey fake", "image": images,
        "profile": platform.recorded(), "model": {"sha256": compiled.program.graph.sha256},
        "outputs": {path: {"sha256": sha256_of(folder / path)} for path in images.values()},
    }  # fmt: skip
    write_json(folder / "manifest.json", manifest)
    return folder


def test_from_one_firmware_to_the_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    build = _build(tmp_path / "build")
    uf2 = build / "image" / "hey.uf2"
    bench = Bench(tmp_path / "bench")
    bench.install(monkeypatch.setattr)
    drive = bench.folder / "media" / "RPI-RP2"
    arrived = drive / uf2.name

    with ExitStack() as boards:
        before = boards.enter_context(pico.start(build / "image" / "hey.bin", pty=True, console="usb"))
        bench.plug(before.url, CONSOLE)

        def asked() -> None:
            before.touch()  # the pseudo-terminal carries bytes, not the rate
            before.wait_for_failure(10)
            assert before.failure == "the program rebooted into BOOTSEL"
            bench.unplug(before.url)
            bench.mount(drive.name, "RPI-RP2")

        def given() -> None:
            _, image = from_uf2(arrived.read_bytes())
            (tmp_path / "flash.bin").write_bytes(image)
            bench.unmount(drive)
            after = boards.enter_context(pico.start(tmp_path / "flash.bin", pty=True, console="usb"))
            bench.plug(after.url, CONSOLE)

        def complete() -> bool:
            return arrived.exists() and arrived.stat().st_size == uf2.stat().st_size

        with bench.when(lambda: line_rate(before.url) == termios.B1200, asked), bench.when(complete, given):
            result = run_here(capsys, "flash", build, "--json")
    assert (result.code, result.err) == (0, "")
    value = json.loads(result.out)
    assert (value["verified"], value["device"]["sha256"]) == ("console", value["model_sha256"])
    assert value["device"]["phrase"] == "hey fake"


def test_from_ram(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    build = _build(tmp_path / "build")
    bench = Bench(tmp_path / "bench")
    bench.install(monkeypatch.setattr)
    drive = bench.mount("RPI-RP2", "RPI-RP2")
    arrived = drive / "hey.ram.uf2"
    size = (build / "image" / arrived.name).stat().st_size

    with ExitStack() as boards:

        def given() -> None:
            image = arrived.rename(tmp_path / arrived.name)
            bench.unmount(drive)
            board = boards.enter_context(pico.start(image, pty=True, console="usb"))
            bench.plug(board.url, CONSOLE)

        with bench.when(lambda: arrived.exists() and arrived.stat().st_size == size, given):
            result = run_here(capsys, "flash", build, "--ram", "--json")
    assert (result.code, result.err) == (0, "")
    value = json.loads(result.out)
    assert (value["verified"], value["device"]["sha256"]) == ("console", value["model_sha256"])


def test_make_builds_the_image_for_ram_as_well(tmp_path: Path) -> None:
    build = _build(tmp_path / "build")
    goal = ["make", "-j2", "-C", str(build / "firmware"), "firmware.ram.uf2"]
    subprocess.run(goal, check=True, capture_output=True, env={**os.environ, "PYTHON": sys.executable})
    assert (build / "firmware" / "firmware.ram.uf2").read_bytes() == (build / "image" / "hey.ram.uf2").read_bytes()
