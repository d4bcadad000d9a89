"""``wwtool flash`` for a Pico: the drive of its boot ROM, and how to get there."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import termios
from pathlib import Path
from typing import Any

import pytest
from fake_boards import Bench, line_rate
from flash_bench import BOOTSEL, PICO, Flash, has_all, make_build, started


def test_pico(bench: Bench, run: Flash, folder: Path, board: str) -> None:
    build = make_build(folder, "pico")
    drive = bench.mount("RPI RP2", "RPI-RP2")
    bench.mount("STICK", "something else")
    with bench.when(has_all(drive, build), started(bench, drive, build, board)):
        result = run(build, "--json")
    assert (result.code, result.err) == (0, "")
    value = json.loads(result.out)
    assert (value["tool"], value["verified"], value["console"]) == ("uf2", "console", board)


def test_another_pico_that_runs_is_not_asked(bench: Bench, run: Flash, tmp_path: Path, board: str) -> None:
    build = make_build(tmp_path / "b", "pico")
    drive = bench.mount("RPI-RP2", "RPI-RP2")
    bench.plug("/dev/ttyACM6", PICO, "1-6")
    with bench.when(has_all(drive, build), started(bench, drive, build, board)):
        result = run(build, "--json")
    assert (result.code, json.loads(result.out)["console"]) == (0, board)


def test_pico_whose_console_does_not_come(bench: Bench, run: Flash, tmp_path: Path) -> None:
    build = make_build(tmp_path / "b", "pico")
    drive = bench.mount("RPI-RP2", "RPI-RP2")
    with bench.when(has_all(drive, build), started(bench, drive, build, None)):
        result = run(build)
    assert result.code == 0
    assert "accepted by the boot loader" in result.out
    assert "no console appeared on USB" in result.out


def test_pico_whose_program_is_silent_or_another(
    bench: Bench, run: Flash, tmp_path: Path, board: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = make_build(tmp_path / "b", "pico", "11")
    drive = bench.mount("RPI-RP2", "RPI-RP2")
    with bench.when(has_all(drive, build), started(bench, drive, build, board)):
        run(build).refused(6, board, "hey fake", "flash it again")
    bench.unplug(board)
    monkeypatch.setattr("wwtool.device.session._SYNC_TIMEOUT_S", 0.2)
    master, slave = os.openpty()
    drive = bench.mount("RPI-RP2", "RPI-RP2")
    with bench.when(has_all(drive, build), started(bench, drive, build, os.ttyname(slave))):
        run(build).refused(6, os.ttyname(slave), "nothing answers")
    os.close(master)
    os.close(slave)


def test_pico_that_runs_wwtools_firmware_needs_no_button(
    bench: Bench, run: Flash, tmp_path: Path, board: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = make_build(tmp_path / "b", "pico")
    bench.plug(board, PICO)
    drives: list[Path] = []

    def touched() -> None:
        bench.unplug(board)
        drives.append(bench.mount("RPI-RP2", "RPI-RP2"))

    def copied() -> bool:
        return bool(drives) and has_all(drives[0], build)()

    def taken() -> None:
        started(bench, drives[0], build, board)()

    with bench.when(lambda: line_rate(board) == termios.B1200, touched), bench.when(copied, taken):
        result = run(build)
    assert (result.code, result.err) == (0, "")
    assert f"starting the boot loader through {board}" in result.out
    assert "its console answers" in result.out


def test_pico_that_does_not_obey(bench: Bench, run: Flash, tmp_path: Path, board: str) -> None:
    build = make_build(tmp_path / "b", "pico")
    bench.plug(board, PICO)
    run(build).refused(6, "RPI-RP2", "did not appear", "hold BOOTSEL")
    bench.see(BOOTSEL)
    run(build).refused(6, "not mounted", "udisksctl mount")
    bench.unplug(board)
    run(build).refused(6, "not mounted", "udisksctl mount")


def test_two_picos_wait(bench: Bench, run: Flash, tmp_path: Path, board: str) -> None:
    build = make_build(tmp_path / "b", "pico")
    drive, other = bench.mount("RPI-RP2", "RPI-RP2"), bench.mount("RPI-RP21", "RPI-RP2")
    run(build).refused(2, str(drive), str(other), "--port")
    with bench.when(has_all(other, build), started(bench, other, build, board)):
        assert run(build, "--port", other).code == 0
    assert not (drive / "hey.uf2").exists()


def test_a_drive_of_another_board(bench: Bench, run: Flash, tmp_path: Path) -> None:
    build = make_build(tmp_path / "b", "pico")
    drive = bench.mount("RP2350", "RP2350")
    run(build).refused(6, "RP2350", "Raspberry Pi Pico")
    run(build, "--port", drive).refused(6, "RP2350", "Raspberry Pi Pico")
    (tmp_path / "INFO_UF2.TXT").write_text("Board-ID: RPI-RP2\n")
    run(build, "--port", tmp_path).refused(6, "is not the mounted drive of a boot loader", "INFO_UF2.TXT")
    assert list(drive.iterdir()) == [drive / "INFO_UF2.TXT"]


def test_a_drive_that_vanishes_while_it_is_written(bench: Bench, run: Flash, tmp_path: Path) -> None:
    build = make_build(tmp_path / "b", "pico")
    drive = bench.mount("RPI-RP2", "RPI-RP2")
    (drive / "hey.uf2").symlink_to("/dev/full")
    run(build).refused(6, str(drive), "went away", "half an image", "hold BOOTSEL")


@pytest.mark.parametrize("runs", [True, False])
def test_a_drive_that_goes_before_the_system_is_done(
    bench: Bench, run: Flash, tmp_path: Path, board: str, monkeypatch: pytest.MonkeyPatch, runs: bool
) -> None:
    build = make_build(tmp_path / "b", "pico")
    drive = bench.mount("RPI-RP2", "RPI-RP2")

    def gone(_: int) -> None:
        started(bench, drive, build, board if runs else None)()
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", gone)
    result = run(build)
    if runs:
        assert (result.code, result.err) == (0, "")
        assert "its console answers" in result.out
    else:
        result.refused(6, "went away before", "hold BOOTSEL")


def test_a_drive_that_does_not_take_the_image(bench: Bench, run: Flash, tmp_path: Path) -> None:
    build = make_build(tmp_path / "b", "pico")
    bench.see(BOOTSEL)
    drive = bench.mount("RPI-RP2", "RPI-RP2")
    run(build).refused(6, str(drive), "did not start the image", "unplug")


def test_a_drive_that_is_still_mounted_without_its_device(bench: Bench, run: Flash, tmp_path: Path) -> None:
    build = make_build(tmp_path / "b", "pico")
    bench.see(BOOTSEL)
    drive = bench.mount("RPI-RP2", "RPI-RP2")
    with bench.when(has_all(drive, build), lambda: bench.unsee(BOOTSEL)):
        assert run(build).code == 0


def test_a_drive_that_may_not_be_written(
    bench: Bench, run: Flash, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = make_build(tmp_path / "b", "pico")
    drive = bench.mount("RPI-RP2", "RPI-RP2")
    opened = Path.open

    def refuse(path: Path, *more: Any, **options: Any) -> Any:
        if path.parent == drive and more[:1] == ("wb",):
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, *more, **options)

    monkeypatch.setattr(Path, "open", refuse)
    run(build).refused(6, str(drive), "Permission denied", "mount it")


def test_picotool(bench: Bench, run: Flash, folder: Path, board: str) -> None:
    build = make_build(folder, "pico")
    bench.see(BOOTSEL)
    bench.tool("picotool", f"bench.plug({board!r}, {PICO!r})")
    assert run(build, "--tool", "picotool").code == 0
    assert bench.calls() == [["picotool", "load", "-v", "-x", "hey.uf2"]]
    bench.tool("picotool", "sys.exit('No accessible RP2040 devices in BOOTSEL mode were found.')")
    run(build, "--tool", "picotool").refused(6, "picotool", "hold BOOTSEL")
    bench.tool("picotool", "sys.exit('ERROR: LIBUSB_ERROR_ACCESS')")
    run(build, "--tool", "picotool").refused(6, "may not use", "udev", '"2e8a"')


RAM = "hey.ram.uf2"


def test_from_ram(bench: Bench, run: Flash, folder: Path, board: str) -> None:
    build = make_build(folder, "pico", more=("ram.uf2",))
    drive = bench.mount("RPI-RP2", "RPI-RP2")
    with bench.when(has_all(drive, build, RAM), started(bench, drive, build, board, RAM)):
        result = run(build, "--ram")
    assert (result.code, result.err) == (0, "")
    assert f"{RAM} runs from the RAM of the Raspberry Pi Pico: its console answers" in result.out
    assert sorted(path.name for path in bench.folder.rglob("*.uf2")) == [RAM], "nothing else is copied"


def test_from_ram_with_picotool(bench: Bench, run: Flash, folder: Path, board: str) -> None:
    build = make_build(folder, "pico", more=("ram.uf2",))
    bench.see(BOOTSEL)
    bench.tool("picotool", f"bench.plug({board!r}, {PICO!r})")
    assert run(build, "--ram", "--tool", "picotool").code == 0
    assert bench.calls() == [["picotool", "load", "-v", "-x", RAM]]


def test_from_ram_only_the_console_is_a_proof(bench: Bench, run: Flash, tmp_path: Path) -> None:
    build = make_build(tmp_path / "b", "pico", more=("ram.uf2",))
    drive = bench.mount("RPI-RP2", "RPI-RP2")
    with bench.when(has_all(drive, build, RAM), started(bench, drive, build, None, RAM)):
        run(build, "--ram").refused(6, "started from RAM", "no console", "hold BOOTSEL")


@pytest.mark.parametrize(
    ("constants", "code", "words"),
    [(250_000, 4, ["run wwtool build again"]), (264_000, 3, ["272,", "270,336", "leave --ram out"])],
)
def test_a_program_that_does_not_fit_the_ram(
    bench: Bench, run: Flash, tmp_path: Path, constants: int, code: int, words: list[str]
) -> None:
    """The build has no image for RAM: an older one that can be built again, or one that is too large."""
    build = make_build(tmp_path / "b", "pico")
    source, elf = tmp_path / "big.c", build / "image" / "hey.elf"
    source.write_text(f"const char constants[{constants}] = {{1}};\nint variable[50];\n")
    link = ["arm-none-eabi-gcc", "-mcpu=cortex-m0plus", "-nostdlib", "-Wl,-e,0", "-o", str(elf), str(source)]
    subprocess.run(link, check=True)
    manifest = json.loads((build / "manifest.json").read_text())
    manifest["outputs"]["image/hey.elf"]["sha256"] = hashlib.sha256(elf.read_bytes()).hexdigest()
    (build / "manifest.json").write_text(json.dumps(manifest))
    bench.mount("RPI-RP2", "RPI-RP2")
    run(build, "--ram").refused(code, *words)
    assert not list(bench.folder.rglob("*.uf2"))
