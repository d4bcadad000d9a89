"""``wwtool flash`` on a bench of fake boards and tools: what it runs, what it refuses, what it says when it fails."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from board_images import link_linux_board
from cli import Result, run_here
from fake_boards import Bench, line_rate

from wwtool.device import flash
from wwtool.device.emulators import linux
from wwtool.device.flash import failures, plan, ports, runner, tools
from wwtool.platforms import load_platform

S3, BRIDGE, PICO, NANO, NANO_LOADER = "303a:1001", "10c4:ea60", "2e8a:000a", "2341:805a", "2341:005a"
BOOTSEL, ADAFRUIT = "2e8a:0003", "239a:0063"
Flash = Callable[..., Result]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench(tmp_path / "bench")
    bench.install(monkeypatch.setattr)
    monkeypatch.setenv("PATH", str(bench.bin), prepend=os.pathsep)
    monkeypatch.setenv("PYTHONPATH", str(bench.modules), prepend=os.pathsep)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(runner, "BOOT_TIMEOUT_S", 1.5)
    monkeypatch.setattr(flash, "_CONSOLE_TIMEOUT_S", 0.5)
    monkeypatch.setattr(flash, "_ANSWER_TIMEOUT_S", 0.1)
    return bench


@pytest.fixture
def run(bench: Bench, capsys: pytest.CaptureFixture[str]) -> Flash:
    return partial(run_here, capsys, "flash")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The firmware's console with a program whose model has the SHA-256 "00"."""
    target = tmp_path_factory.mktemp("host") / "program"
    link_linux_board("host", target, "cc", ["-O1"])
    return target


@pytest.fixture
def board(program: Path) -> Iterator[str]:
    """A serial port at which that program answers."""
    with linux.start(program, pty=True) as running:
        yield running.url


def make_build(folder: Path, platform: str, model: str = "00") -> Path:
    """A build folder with images of some bytes."""
    kinds = load_platform(platform).image
    images = {kind: f"image/hey.{kind}" for kind in kinds}
    outputs = {}
    for kind, name in images.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = f"{platform} {kind} ".encode() * 3000
        path.write_bytes(content)
        outputs[name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    manifest = {
        "schema": "wwtool.manifest", "version": 1, "platform": platform, "phrase": "hey", "image": images,
        "outputs": outputs, "model": {"sha256": model},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture(params=["plain", "my build; $(touch gone) 'x' \"y\" %s é"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / request.param


# An ESP32-S3 with esptool


def test_esp32s3(bench: Bench, run: Flash, folder: Path, board: str) -> None:
    build = make_build(folder, "esp32s3")
    bench.plug(board, S3)
    bench.module("esptool")
    result = run(build, "--json")
    assert (result.code, result.err) == (0, "")
    words = ["esptool", "--chip", "esp32s3", "--port", board, "--baud", "460800"]
    assert bench.calls() == [[*words, "write-flash", "0x0", "hey.bin"], [*words, "verify-flash", "0x0", "hey.bin"]]
    value = json.loads(result.out)
    assert (value["schema"], value["version"]) == ("wwtool.flash", 1)
    assert (value["platform"], value["tool"], value["verified"], value["console"]) == (
        "esp32s3", "esptool", "console", board,
    )  # fmt: skip
    assert value["device"]["phrase"] == "hey fake"
    assert value["hil"].startswith(f"wwtool hil --port {board} --build ")
    assert not list(folder.parent.glob("gone"))


def test_words_for_a_person(bench: Bench, run: Flash, tmp_path: Path, board: str) -> None:
    bench.plug(board, S3)
    bench.module("esptool")
    result = run(make_build(tmp_path / "b", "esp32s3"))
    assert result.code == 0
    assert "hey.bin is on the ESP32-S3: its console answers with this model" in result.out
    assert f"wwtool hil --port {board} --build {tmp_path / 'b'}" in result.out


def test_the_real_esptool_knows_these_words(tmp_path: Path) -> None:
    port = ports.Port("/dev/ttyNOPE", S3)
    build = flash.read_build(make_build(tmp_path / "b", "esp32s3"))
    for step in plan.esptool(build, tools.command("esptool"), port).steps:
        assert isinstance(step, plan.Run)
        words = ["/dev/ttyNOPE" if word == plan.PORT else word for word in step.command]
        done = subprocess.run(words, cwd=step.folder, capture_output=True, text=True, check=False)
        output = done.stdout + done.stderr
        assert done.returncode == 2
        assert "Could not open /dev/ttyNOPE" in output
        said = failures.explain(build.platform, "esptool", port.device, done.returncode, output, gone=False)
        assert "/dev/ttyNOPE went away" in said


def test_a_bridge_is_taken_where_there_is_no_better(bench: Bench, run: Flash, tmp_path: Path, board: str) -> None:
    build = make_build(tmp_path / "b", "esp32s3_psram")
    bench.module("esptool")
    bench.plug(board, BRIDGE)
    assert run(build).code == 0
    assert bench.calls()[0][4] == board
    bench.plug("/dev/ttyUSB7", BRIDGE, "1-2")
    run(build).refused(2, "several boards", board, "/dev/ttyUSB7", "--port")
    assert run(build, "--port", board).code == 0


def test_a_board_that_comes_back_between_the_steps(bench: Bench, run: Flash, tmp_path: Path, board: str) -> None:
    bench.plug(board, S3)
    bench.module("esptool", f"if 'write-flash' in words: bench.unplug({board!r})")
    with bench.when(lambda: not bench.comports() and len(bench.calls()) == 1, lambda: bench.plug(board, S3)):
        assert run(make_build(tmp_path / "b", "esp32s3")).code == 0
    assert [call[7] for call in bench.calls()] == ["write-flash", "verify-flash"]


FAILURES = [
    ("sys.exit('A fatal error occurred: Failed to connect to ESP32-S3: No serial data received.')", ["hold BOOT"]),
    ("sys.exit('This chip is ESP32-S2, not ESP32-S3. Wrong chip argument?')", ["another chip", "ESP32-S2", "--port"]),
    ("if 'verify-flash' in words: sys.exit('Verification failed (digest mismatch).')", ["read back something else"]),
    ("sys.exit('[Errno 13] could not open port: Permission denied')", ["may not use", "allow it with: "]),
    (
        "bench.unplug(words[3]); sys.exit('A fatal error occurred: what is this')",
        ["went away", "half an image", "BOOT"],
    ),
    ("sys.exit('device reports readiness to read but returned no data (device disconnected)')", ["went away"]),
    (
        "sys.exit('Could not open, the port is busy or does not exist ([Errno 11] Could not exclusively lock port)')",
        ["another program uses"],
    ),
    ("os.kill(os.getpid(), signal.SIGKILL)", ["SIGKILL", "half an image"]),
    ("print('Traceback (most recent call last):'); sys.exit('MemoryError: error of its own')", ["error of its own"]),
    ("sys.exit(3)", ["gave no reason", "hold BOOT"]),
    ("time.sleep(60)", ["did not end within 1.5 s", "unplug"]),
]


@pytest.mark.parametrize(("body", "words"), FAILURES)
def test_a_failing_tool(
    bench: Bench, run: Flash, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, words: list[str]
) -> None:
    monkeypatch.setattr(plan, "WRITE_TIMEOUT_S", 1.5)
    device = tmp_path / "ttyACM5"
    device.touch()
    bench.plug(device, S3)
    bench.module("esptool", body)
    run(make_build(tmp_path / "b", "esp32s3")).refused(6, *words)


def test_a_hanging_tool_and_its_children_are_ended(
    bench: Bench, run: Flash, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "WRITE_TIMEOUT_S", 1.0)
    bench.plug("/dev/ttyACM5", S3)
    pids = tmp_path / "pids"
    bench.module(
        "esptool",
        f"import subprocess; child = subprocess.Popen(['sleep', '60']); "
        f"Path({str(pids)!r}).write_text(f'{{os.getpid()}} {{child.pid}}'); time.sleep(60)",
    )
    run(make_build(tmp_path / "b", "esp32s3")).refused(6, "did not end")
    assert all(_is_over(int(pid)) for pid in pids.read_text().split())


def _is_over(pid: int) -> bool:
    for _ in range(50):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


# Which board


def test_no_board(bench: Bench, run: Flash, tmp_path: Path) -> None:
    build = make_build(tmp_path / "b", "esp32s3")
    run(build).refused(6, "no ESP32-S3 is found on USB", "cable", "hold BOOT")
    run(build, "--port", "/dev/ttyNOPE").refused(6, "no port /dev/ttyNOPE", "none")
    bench.plug("/dev/ttyS0", "dead:beef")
    run(build).refused(6, "no ESP32-S3 is found")


def test_a_board_without_its_driver(bench: Bench, run: Flash, tmp_path: Path) -> None:
    bench.see(BRIDGE)
    run(make_build(tmp_path / "b", "esp32s3")).refused(6, "driver", "modprobe", "cp210x")
    bench.see(NANO)
    run(make_build(tmp_path / "n", "nano33ble"), "--tool", "uf2").refused(6, "driver", "modprobe cdc_acm")


@pytest.mark.parametrize("given", [True, False])
def test_an_image_for_another_board(bench: Bench, run: Flash, tmp_path: Path, given: bool) -> None:
    bench.plug("/dev/ttyACM3", PICO)
    bench.module("esptool")
    more = ["--port", "/dev/ttyACM3"] if given else []
    result = run(make_build(tmp_path / "b", "esp32s3"), *more)
    result.refused(6, "Raspberry Pi Pico", "/dev/ttyACM3", "ESP32-S3", "--platform pico")
    assert not bench.calls()


def test_two_boards(bench: Bench, run: Flash, tmp_path: Path) -> None:
    bench.plug("/dev/ttyACM3", PICO, "1-1")
    bench.plug("/dev/ttyACM4", PICO, "1-2")
    run(make_build(tmp_path / "b", "pico")).refused(2, "several", "/dev/ttyACM3", "/dev/ttyACM4", "--port")


def test_a_port_that_this_user_may_not_use(
    bench: Bench, run: Flash, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = tmp_path / "ttyACM3"
    device.touch()
    bench.plug(device, S3)
    bench.module("esptool")
    build = make_build(tmp_path / "b", "esp32s3")
    monkeypatch.setattr(os, "access", lambda path, _: str(path) != str(device))
    monkeypatch.setattr("grp.getgrgid", lambda _: type("Group", (), {"gr_name": "uucp"}))
    run(build).refused(6, str(device), "sudo usermod -aG uucp $USER", "log out")
    monkeypatch.setattr("grp.getgrgid", lambda _: type("Group", (), {"gr_name": "root"}))
    run(build).refused(6, str(device), "/etc/udev/rules.d", "uaccess")
    assert not bench.calls()


# Which build


def test_what_is_no_build(run: Flash, tmp_path: Path) -> None:
    run(tmp_path / "nonesuch").refused(4, "nonesuch", "run wwtool build")
    (tmp_path / "image.uf2").write_bytes(b"x")
    run(tmp_path / "image.uf2").refused(4, "is a file", "folder")
    (tmp_path / "empty").mkdir()
    run(tmp_path / "empty").refused(4, "manifest.json is missing", "run wwtool build")


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"schema": "other"}', '{"schema": "wwtool.manifest", "platform": "pico"}',
             '{"schema": "wwtool.manifest", "platform": "zx81", "image": {}, "outputs": {}, "phrase": "", "model": {}}',
             '{"schema": "wwtool.manifest", "platform": "pico", "image": {"uf2": "/etc/passwd"}, "outputs": {}, '
             '"phrase": "", "model": {"sha256": ""}}',
             '{"schema": "wwtool.manifest", "platform": "pico", "image": [], "outputs": 3, "phrase": 1, "model": 2}'],
)  # fmt: skip
def test_a_damaged_manifest(bench: Bench, run: Flash, tmp_path: Path, text: str) -> None:
    build = make_build(tmp_path / "b", "pico")
    bench.mount("RPI-RP2", "RPI-RP2")
    (build / "manifest.json").write_text(text)
    run(build).refused(4, "again")


def test_an_altered_image(bench: Bench, run: Flash, tmp_path: Path) -> None:
    build = make_build(tmp_path / "b", "esp32s3")
    bench.plug("/dev/ttyACM3", S3)
    bench.module("esptool")
    with (build / "image" / "hey.bin").open("r+b") as file:
        file.seek(1000)
        file.write(b"!")
    run(build).refused(4, "hey.bin", "SHA-256", "build again")
    (build / "image" / "hey.bin").unlink()
    run(build).refused(4, "no .bin image")
    assert not bench.calls()


@pytest.mark.parametrize(("platform", "words"), [("host", ["wwtool emulate"]), ("rpi_zero", ["scp", "hey.elf"])])
def test_where_there_is_nothing_to_flash(run: Flash, tmp_path: Path, platform: str, words: list[str]) -> None:
    run(make_build(tmp_path / "b", platform)).refused(2, "nothing to flash", *words)


def test_a_tool_for_another_platform(run: Flash, tmp_path: Path) -> None:
    run(make_build(tmp_path / "b", "pico"), "--tool", "bossac").refused(2, "bossac", "uf2, picotool, openocd")


@pytest.mark.parametrize(
    ("platform", "tool", "words"),
    [
        ("pico", "picotool", ["https://github.com/raspberrypi/picotool"]),
        ("pico", "openocd", ["apt-get install openocd"]),
        ("nano33ble", "pyocd", ["pip install pyocd"]),
        ("nano33ble", "probe-rs", ["https://probe.rs"]),
        ("nano33ble", "bossac", ["arduino-cli core install arduino:mbed_nano"]),
    ],
)
def test_a_tool_that_is_missing(
    bench: Bench,
    run: Flash,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    tool: str,
    words: list[str],
) -> None:
    monkeypatch.setenv("PATH", str(bench.bin))
    monkeypatch.setattr(tools, "find_spec", lambda _: None)
    bench.plug("/dev/ttyACM3", NANO_LOADER)
    run(make_build(tmp_path / "b", platform), "--tool", tool).refused(5, tool, "not found", *words)


# A Pico and its drive


def _started(bench: Bench, drive: Path, build: Path, console: str | None) -> Callable[[], None]:
    """The boot ROM has all blocks: the drive goes, the program's console comes."""

    def start() -> None:
        assert (drive / "hey.uf2").read_bytes() == (build / "image" / "hey.uf2").read_bytes()
        bench.unmount(drive)
        if console:
            bench.plug(console, PICO)

    return start


def _has(drive: Path, build: Path) -> Callable[[], bool]:
    size = (build / "image" / "hey.uf2").stat().st_size
    return lambda: (drive / "hey.uf2").exists() and (drive / "hey.uf2").stat().st_size == size


def test_pico(bench: Bench, run: Flash, folder: Path, board: str) -> None:
    build = make_build(folder, "pico")
    drive = bench.mount("RPI RP2", "RPI-RP2")
    bench.mount("STICK", "something else")
    with bench.when(_has(drive, build), _started(bench, drive, build, board)):
        result = run(build, "--json")
    assert (result.code, result.err) == (0, "")
    value = json.loads(result.out)
    assert (value["tool"], value["verified"], value["console"]) == ("uf2", "console", board)


def test_another_pico_that_runs_is_not_asked(bench: Bench, run: Flash, tmp_path: Path, board: str) -> None:
    build = make_build(tmp_path / "b", "pico")
    drive = bench.mount("RPI-RP2", "RPI-RP2")
    bench.plug("/dev/ttyACM6", PICO, "1-6")
    with bench.when(_has(drive, build), _started(bench, drive, build, board)):
        result = run(build, "--json")
    assert (result.code, json.loads(result.out)["console"]) == (0, board)


def test_pico_whose_console_does_not_come(bench: Bench, run: Flash, tmp_path: Path) -> None:
    build = make_build(tmp_path / "b", "pico")
    drive = bench.mount("RPI-RP2", "RPI-RP2")
    with bench.when(_has(drive, build), _started(bench, drive, build, None)):
        result = run(build)
    assert result.code == 0
    assert "taken by the boot loader" in result.out
    assert "no console of it has appeared" in result.out


def test_pico_whose_program_is_silent_or_another(
    bench: Bench, run: Flash, tmp_path: Path, board: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = make_build(tmp_path / "b", "pico", "11")
    drive = bench.mount("RPI-RP2", "RPI-RP2")
    with bench.when(_has(drive, build), _started(bench, drive, build, board)):
        run(build).refused(6, board, "hey fake", "flash it again")
    bench.unplug(board)
    monkeypatch.setattr("wwtool.device.session._SYNC_TIMEOUT_S", 0.2)
    master, slave = os.openpty()
    drive = bench.mount("RPI-RP2", "RPI-RP2")
    with bench.when(_has(drive, build), _started(bench, drive, build, os.ttyname(slave))):
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
        return bool(drives) and _has(drives[0], build)()

    def started() -> None:
        _started(bench, drives[0], build, board)()

    with bench.when(lambda: line_rate(board) == termios.B1200, touched), bench.when(copied, started):
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
    with bench.when(_has(other, build), _started(bench, other, build, board)):
        assert run(build, "--port", other).code == 0
    assert not (drive / "hey.uf2").exists()


def test_a_drive_of_another_board(bench: Bench, run: Flash, tmp_path: Path) -> None:
    build = make_build(tmp_path / "b", "pico")
    drive = bench.mount("RP2350", "RP2350")
    run(build).refused(6, "RP2350", "Raspberry Pi Pico")
    run(build, "--port", drive).refused(6, "RP2350", "Raspberry Pi Pico")
    run(build, "--port", tmp_path).refused(6, "INFO_UF2.TXT")
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
        _started(bench, drive, build, board if runs else None)()
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
    with bench.when(_has(drive, build), lambda: bench.unsee(BOOTSEL)):
        assert run(build).code == 0


def test_a_drive_that_may_not_be_written(
    bench: Bench, run: Flash, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = make_build(tmp_path / "b", "pico")
    drive = bench.mount("RPI-RP2", "RPI-RP2")
    opened = Path.open

    def refuse(path: Path, *more: object, **options: object) -> object:
        if path.parent == drive and more[:1] == ("wb",):
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, *more, **options)  # type: ignore[arg-type]

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


# A Nano 33 BLE


def test_nano_in_its_boot_loader(bench: Bench, run: Flash, folder: Path) -> None:
    build = make_build(folder, "nano33ble")
    bench.plug("/dev/ttyACM3", NANO_LOADER)
    bench.tool("bossac")
    result = run(build)
    assert (result.code, result.err) == (0, "")
    assert bench.calls() == [["bossac", "-p", "/dev/ttyACM3", "-U", "-i", "-e", "-w", "-v", "-R", "hey.bin"]]
    assert "read back by bossac" in result.out
    assert "no console of it has appeared" in result.out


def test_nano_at_a_port_of_which_nothing_is_known(bench: Bench, run: Flash, tmp_path: Path) -> None:
    """Its boot loader's port, through something that hides the USB id; the program's console is elsewhere."""
    port = tmp_path / "ttyS9"
    port.touch()
    bench.tool("bossac")
    result = run(make_build(tmp_path / "b", "nano33ble"), "--port", port, "--json")
    assert (result.code, result.err) == (0, "")
    assert bench.calls()[0][:3] == ["bossac", "-p", str(port)]
    assert json.loads(result.out)["verified"] == "tool"


def test_another_nano_that_runs_is_not_asked(bench: Bench, run: Flash, tmp_path: Path, board: str) -> None:
    build = make_build(tmp_path / "b", "nano33ble")
    bench.plug("/dev/ttyACM3", NANO_LOADER, "1-3")
    bench.plug("/dev/ttyACM6", NANO, "1-6")
    bench.tool("bossac", "bench.unplug('/dev/ttyACM3')")
    result = run(build, "--port", "/dev/ttyACM3", "--json")
    assert (result.code, json.loads(result.out)["console"]) == (0, None)


def test_nano_through_its_program(bench: Bench, run: Flash, tmp_path: Path, board: str) -> None:
    build = make_build(tmp_path / "b", "nano33ble")
    bench.plug(board, NANO, "1-4")
    bench.plug("/dev/ttyACM8", NANO_LOADER, "1-7")  # another Nano, which waits for something else
    back = f"bench.unplug('/dev/ttyACM9'); bench.plug({board!r}, {NANO!r}, '1-4')"
    bench.tool("bossac", back)

    def touched() -> None:
        bench.unplug(board)
        bench.plug("/dev/ttyACM9", NANO_LOADER, "1-4")

    with bench.when(lambda: line_rate(board) == termios.B1200, touched):
        result = run(build, "--port", board)
    assert (result.code, result.err) == (0, "")
    assert bench.calls()[0][:3] == ["bossac", "-p", "/dev/ttyACM9"]
    assert "its console answers" in result.out
    run(build).refused(2, "several", "/dev/ttyACM8", board)


def test_nano_that_does_not_obey(bench: Bench, run: Flash, tmp_path: Path, board: str) -> None:
    bench.plug(board, NANO)
    bench.tool("bossac")
    run(make_build(tmp_path / "b", "nano33ble")).refused(6, "boot loader", "did not appear", "reset button twice")
    assert not bench.calls()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("sys.exit('Verify failed\\nPage errors: 1')", ["read back something else"]),
        ("sys.exit('No device found on ttyACM3')", ["no Arduino Nano 33 BLE that listens", "reset button twice"]),
        ("bench.unplug(words[1]); sys.exit('SAM-BA operation failed')", ["went away", "reset button twice"]),
        ("sys.exit('\\nDevice unsupported')", ["another chip", "Device unsupported"]),
    ],
)
def test_failing_bossac(bench: Bench, run: Flash, tmp_path: Path, body: str, words: list[str]) -> None:
    bench.plug("/dev/ttyACM3", NANO_LOADER)
    bench.tool("bossac", body)
    run(make_build(tmp_path / "b", "nano33ble")).refused(6, *words)


def test_a_bossac_that_knows_no_nano_gives_way_to_arduinos(bench: Bench, run: Flash, tmp_path: Path) -> None:
    build = make_build(tmp_path / "b", "nano33ble")
    bench.plug("/dev/ttyACM3", NANO_LOADER)
    (bench.bin / "bossac").write_bytes(b"\x7fELF of Debian's")
    (bench.bin / "bossac").chmod(0o755)
    run(build).refused(5, str(bench.bin / "bossac"), "no nRF52840", "arduino-cli core install")
    bench.tool("arduinos")
    own = tmp_path / "home" / ".arduino15" / "packages" / "arduino" / "tools" / "bossac" / "1.9.1-arduino2"
    own.mkdir(parents=True)
    (bench.bin / "arduinos").rename(own / "bossac")
    assert run(build).code == 0
    assert bench.calls()[0][:3] == ["arduinos", "-p", "/dev/ttyACM3"]


def test_nano_with_a_boot_loader_that_takes_uf2(bench: Bench, run: Flash, tmp_path: Path) -> None:
    build = make_build(tmp_path / "b", "nano33ble")
    bench.see(ADAFRUIT)
    drive = bench.mount("NANO33BOOT", "nRF52840-Nano-33", "SoftDevice: S140 version 6.1.1")
    run(build).refused(6, "S140 version 6.1.1", "overwrite", "--tool openocd")
    bench.unmount(drive)
    drive = bench.mount("NANO33BOOT", "nRF52840-Nano-33")
    run(build).refused(6, "SoftDevice")  # an old one does not say
    bench.unmount(drive)
    drive = bench.mount("NANO33BOOT", "nRF52840-Nano-33", "SoftDevice: not found")
    with bench.when(_has(drive, build), _started(bench, drive, build, None)):
        assert run(build).code == 0


# Debug probes


@pytest.mark.parametrize(
    ("platform", "image", "at"), [("pico", "hey.bin", "0x10000000"), ("nano33ble", "hey.hex", "0x10000")]
)
def test_probes(bench: Bench, run: Flash, folder: Path, platform: str, image: str, at: str) -> None:
    build = make_build(folder, platform)
    pico = platform == "pico"
    bench.tool("openocd")
    bench.tool("probe-rs")
    bench.tool("pyocd", "print('All 5 bytes match.')")
    for tool in ("openocd", "probe-rs", "pyocd"):
        result = run(build, "--tool", tool)
        assert (result.code, result.err) == (0, ""), tool
    openocd, download, reset, load, compare = bench.calls()
    assert openocd[-1] == (f"program {image} {at} verify reset exit" if pico else f"program {image} verify reset exit")
    assert openocd[-3] == ("target/rp2040.cfg" if pico else "target/nrf52.cfg")
    form = ["bin", "--base-address", at] if pico else ["hex"]
    chip = ["--chip", "RP2040" if pico else "nRF52840_xxAA"]
    assert download == ["probe-rs", "download", *chip, "--binary-format", *form, "--verify", image]
    assert reset == ["probe-rs", "reset", *chip]
    target = ["-W", "-t", "rp2040" if pico else "nrf52840"]
    assert load == ["pyocd", "load", *target, *(["--base-address", at] if pico else []), image]
    assert compare == ["pyocd", "commander", *target, "-M", "attach", "-c", f"compare {at} hey.bin"]


def test_failing_probes(bench: Bench, run: Flash, tmp_path: Path) -> None:
    build = make_build(tmp_path / "b", "nano33ble")
    bench.tool("openocd", "sys.exit('Error: unable to find a matching CMSIS-DAP device')")
    run(build, "--tool", "openocd").refused(6, "no debug probe", "SWD")
    bench.tool("openocd", "sys.exit('Error: libusb_open() failed with LIBUSB_ERROR_ACCESS')")
    run(build, "--tool", "openocd").refused(6, "may not use", "CMSIS-DAP", "udev")
    bench.tool("openocd", "sys.exit('** Verify Failed **')")
    run(build, "--tool", "openocd").refused(6, "read back something else")
    bench.tool("pyocd", "print('Mismatched byte at 0x10000')")
    run(build, "--tool", "pyocd").refused(6, "read back something else")
    run(build, "--tool", "pyocd", "--port", "/dev/ttyACM0").refused(2, "--port")


# Ctrl-C

_APART = (
    "import sys; sys.path.insert(0, {here!r}); from pathlib import Path; from fake_boards import Bench; "
    "Bench(Path({bench!r})).install(); from wwtool.cli.main import main; main()"
)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_writing(bench: Bench, tmp_path: Path, number: signal.Signals) -> None:
    bench.plug("/dev/ttyACM5", S3)
    pid = tmp_path / "pid"
    bench.module("esptool", f"Path({str(pid)!r}).write_text(str(os.getpid())); time.sleep(60)")
    result = _interrupted(bench, make_build(tmp_path / "b", "esp32s3"), pid.exists, number)
    assert result.code == 130
    assert "the ESP32-S3 may hold half an image" in result.err
    assert "run the same command again" in result.err
    assert "Traceback" not in result.err
    assert _is_over(int(pid.read_text()))


def test_interrupted_before_writing(bench: Bench, tmp_path: Path, board: str) -> None:
    bench.plug(board, PICO)
    build = make_build(tmp_path / "b", "pico")
    result = _interrupted(bench, build, lambda: line_rate(board) == termios.B1200, signal.SIGINT)
    assert result.code == 130
    assert "half an image" not in result.err
    assert "Traceback" not in result.err


def _interrupted(bench: Bench, build: Path, ready: Callable[[], bool], number: signal.Signals) -> Result:
    code = _APART.format(here=str(Path(__file__).parent), bench=str(bench.folder))
    process = subprocess.Popen(
        [sys.executable, "-c", code, "flash", str(build)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    time.sleep(0.2)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    return Result(process.returncode, out, err)
