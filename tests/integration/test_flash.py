"""``wwtool flash``, with an ESP32-S3 for example: what it runs, what it refuses, what it says when it fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cli import Result
from fake_boards import Bench, line_rate
from flash_bench import BRIDGE, NANO, NANO_LOADER, PICO, S3, Flash, make_build
from test_make_image import ESP, elf_of

from wwtool.base import tools
from wwtool.base.assets import asset_dir
from wwtool.device.flash import plan, ports
from wwtool.device.flash.explain import explain
from wwtool.device.flash.images import read_build
from wwtool.device.flash.tools import esptool
from wwtool.errors import DeviceError
from wwtool.firmware.make_image import make
from wwtool.platforms.load import load_platform

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


def test_from_ram(bench: Bench, run: Flash, folder: Path, board: str) -> None:
    bench.plug(board, S3)
    bench.module("esptool")
    image = make(elf_of((0x40378000, 0, b"code")), "bin", ESP)
    result = run(make_build(folder, "esp32s3", image=image), "--ram")
    assert (result.code, result.err) == (0, "")
    words = ["esptool", "--chip", "esp32s3", "--port", board, "--no-stub", "load-ram", "hey.bin"]
    assert bench.calls() == [words], "nothing is written to the flash"
    assert "hey.bin runs from the RAM of the ESP32-S3" in result.out


def test_what_cannot_run_from_ram_says_so(bench: Bench, run: Flash, tmp_path: Path) -> None:
    profile = (asset_dir("platforms") / "nano33ble.yaml").read_text()
    name = "  ram_image_origin: 0x20002000"
    assert name in profile
    profile = profile.replace(name, f"  # {name}").replace("name: nano33ble\n", "name: mine\nboard: nano33ble\n")
    (tmp_path / "mine.yaml").write_text(profile)
    build = make_build(tmp_path / "b", str(tmp_path / "mine.yaml"))
    run(build, "--ram", "--platform", tmp_path / "mine.yaml").refused(2, "runs from flash", "leave --ram out")
    assert not bench.calls()


def test_weights_in_flash_cannot_run_from_ram(bench: Bench, run: Flash, tmp_path: Path, board: str) -> None:
    bench.plug(board, S3)
    bench.module("esptool")
    image = make(elf_of((0x40378000, 0, b"code"), (0x3C010000, 0, bytes(300_000))), "bin", ESP)
    build = make_build(tmp_path / "b", "esp32s3", image=image)
    run(build, "--ram").refused(3, "300,000 bytes of weights", "read from flash", "leave --ram out")
    assert not bench.calls()
    assert run(build).code == 0, "the whole file goes to flash offset 0"


def test_words_for_a_person(bench: Bench, run: Flash, tmp_path: Path, board: str) -> None:
    bench.plug(board, S3)
    bench.module("esptool")
    result = run(make_build(tmp_path / "b", "esp32s3"))
    assert result.code == 0
    assert "hey.bin is on the ESP32-S3: its console answers with this model" in result.out
    assert f"wwtool hil --port {board} --build {tmp_path / 'b'}" in result.out


def test_the_real_esptool_knows_these_words(tmp_path: Path) -> None:
    port = ports.Port("/dev/ttyNOPE", S3)
    build = read_build(make_build(tmp_path / "b", "esp32s3"))
    for step in esptool.write_plan(build, esptool.Esptool.tool.command(), port).steps:
        assert isinstance(step, plan.Run)
        words = ["/dev/ttyNOPE" if word == plan.PORT else word for word in step.command]
        done = subprocess.run(words, cwd=step.image.parent, capture_output=True, text=True, check=False)
        output = done.stdout + done.stderr
        assert done.returncode == 2
        assert "Could not open /dev/ttyNOPE" in output
        said = explain(build.platform, esptool.Esptool(), port.device, done.returncode, output, gone=False)
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


def test_a_folder_is_no_port(bench: Bench, run: Flash, tmp_path: Path) -> None:
    bench.module("esptool")
    run(make_build(tmp_path / "b", "esp32s3"), "--port", str(tmp_path)).refused(6, "is a folder, no serial port")
    assert bench.calls() == []


def test_a_board_that_comes_back_between_the_steps(bench: Bench, run: Flash, tmp_path: Path, board: str) -> None:
    bench.plug(board, S3)
    bench.module("esptool", f"if 'write-flash' in words: bench.unplug({board!r})")
    with bench.when(lambda: not bench.comports() and len(bench.calls()) == 1, lambda: bench.plug(board, S3)):
        assert run(make_build(tmp_path / "b", "esp32s3")).code == 0
    assert [call[7] for call in bench.calls()] == ["write-flash", "verify-flash"]


FAILURES = [
    ("sys.exit('A fatal error occurred: Failed to connect to ESP32-S3: No serial data received.')", ["hold BOOT"]),
    ("sys.exit('This chip is ESP32-S2, not ESP32-S3. Wrong chip argument?')", ["another chip", "ESP32-S2", "--port"]),
    ("if 'verify-flash' in words: sys.exit('Verification failed (digest mismatch).')", ["read back other bytes"]),
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
    if "sleep" in body:
        monkeypatch.setattr(esptool, "WRITE_TIMEOUT_S", 1.5)
    device = tmp_path / "ttyACM5"
    device.touch()
    bench.plug(device, S3)
    bench.module("esptool", body)
    run(make_build(tmp_path / "b", "esp32s3")).refused(6, *words)


def test_a_hanging_tool_and_its_children_are_ended(
    bench: Bench, run: Flash, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(esptool, "WRITE_TIMEOUT_S", 1.0)
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
    run(build).refused(6, "there is no ESP32-S3 on USB", "cable", "hold BOOT")
    run(build, "--port", "/dev/ttyNOPE").refused(6, "no port /dev/ttyNOPE", "none")
    bench.plug("/dev/ttyS0", "dead:beef")
    run(build).refused(6, "there is no ESP32-S3 on USB")


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
    monkeypatch.setattr(tools, "_origin", lambda _: None)
    bench.plug("/dev/ttyACM3", NANO_LOADER)
    run(make_build(tmp_path / "b", platform), "--tool", tool).refused(5, tool, "not found", *words)


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


@pytest.mark.parametrize("port", ["hwgrep://(((", "nosuch://x", "hwgrep://[/red]nosuch"])
def test_a_port_that_names_nothing(tmp_path: Path, port: str) -> None:
    with pytest.raises(DeviceError, match=r"there is no port .*check its name"):
        ports.choose(load_platform("esp32s3"), port)
