"""``wwtool flash`` for a Nano 33 BLE, and through debug probes."""

from __future__ import annotations

import json
import struct
import termios
from pathlib import Path

import pytest
from fake_boards import Bench, line_rate
from flash_bench import ADAFRUIT, NANO, NANO_LOADER, Flash, has_all, make_build, started


def test_nano_in_its_boot_loader(bench: Bench, run: Flash, folder: Path) -> None:
    build = make_build(folder, "nano33ble")
    bench.plug("/dev/ttyACM3", NANO_LOADER)
    bench.tool("bossac")
    result = run(build)
    assert (result.code, result.err) == (0, "")
    assert bench.calls() == [["bossac", "-p", "/dev/ttyACM3", "-U", "-i", "-e", "-w", "-v", "-R", "hey.bin"]]
    assert "read back by bossac" in result.out
    assert "no console appeared on USB" in result.out


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
        ("sys.exit('Verify failed\\nPage errors: 1')", ["read back other bytes"]),
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
    bench.tool("bossac")
    run(build).refused(6, "not mounted", "by-label/NANO33BOOT")
    drive = bench.mount("NANO33BOOT", "nRF52840-Nano-33", "SoftDevice: S140 version 6.1.1")
    run(build).refused(6, "S140 version 6.1.1", "overwrite", "--tool openocd")
    bench.unmount(drive)
    drive = bench.mount("NANO33BOOT", "nRF52840-Nano-33")
    run(build).refused(6, "SoftDevice")  # an old one does not say
    bench.unmount(drive)
    drive = bench.mount("NANO33BOOT", "nRF52840-Nano-33", "SoftDevice: not found")
    with bench.when(has_all(drive, build), started(bench, drive, build, None)):
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
    run(build, "--tool", "openocd").refused(6, "read back other bytes")
    bench.tool("pyocd", "print('Mismatched byte at 0x10000')")
    run(build, "--tool", "pyocd").refused(6, "read back other bytes")
    run(build, "--tool", "pyocd", "--port", "/dev/ttyACM0").refused(2, "--port")


def test_a_board_of_ones_own_goes_through_its_probe(bench: Bench, run: Flash, tmp_path: Path) -> None:
    bench.tool("openocd")
    profile = Path(__file__).parents[2] / "examples" / "new-board" / "feather_stm32f405.yaml"
    flashed = run(make_build(tmp_path / "b", str(profile)), "--platform", profile)
    assert flashed.code == 0, flashed.err
    (command,) = bench.calls()
    assert "interface/stlink.cfg" in command
    assert "target/stm32f4x.cfg" in command
    assert command[-1] == "program hey.hex verify reset exit"


RAM = struct.pack("<2I", 0x20002000, 0x20002201) + bytes(range(256))


def ram_build(folder: Path) -> Path:
    """A build whose images are all ``RAM``, which a debug probe can start."""
    return make_build(folder, "nano33ble", more=("ram.bin",), image=RAM)


def test_from_ram_through_openocd(bench: Bench, run: Flash, folder: Path, board: str) -> None:
    bench.tool("openocd", f"bench.plug({board!r}, {NANO!r})")
    result = run(ram_build(folder), "--ram")
    assert (result.code, result.err) == (0, "")
    (words,) = bench.calls()
    assert words[:-1] == ["openocd", "-f", "interface/cmsis-dap.cfg", "-c", "adapter speed 2000", "-f",
                          "target/nrf52.cfg", "-c"]  # fmt: skip
    assert words[-1].split("; ") == [
        "init", "reset halt", "load_image hey.ram.bin 0x20002000 bin", "verify_image hey.ram.bin 0x20002000 bin",
        "reg sp 0x20002000", "reg pc 0x20002200", "resume", "shutdown",
    ]  # fmt: skip
    assert "hey.ram.bin runs from the RAM of the Arduino Nano 33 BLE: its console answers" in result.out


def test_from_ram_through_pyocd(bench: Bench, run: Flash, folder: Path, board: str) -> None:
    bench.tool("pyocd", f"bench.plug({board!r}, {NANO!r}); print('All 264 bytes match.')")
    assert run(ram_build(folder), "--ram", "--tool", "pyocd").code == 0
    (words,) = bench.calls()
    assert words[:5] == ["pyocd", "commander", "-W", "-t", "nrf52840"]
    assert words[5::2] == ["-c"] * 6
    assert words[6::2] == [
        "reset halt", "loadmem 0x20002000 hey.ram.bin", "compare 0x20002000 hey.ram.bin", "wreg sp 0x20002000",
        "wreg pc 0x20002200", "continue",
    ]  # fmt: skip


def test_from_ram_that_does_not_work(bench: Bench, run: Flash, tmp_path: Path, board: str) -> None:
    build = ram_build(tmp_path / "b")
    bench.tool("pyocd", f"bench.plug({board!r}, {NANO!r}); print('First mismatched byte at 0x20002000')")
    assert run(build, "--ram", "--tool", "pyocd").code == 6, "pyOCD's own exit status is 0"
    run(build, "--ram", "--tool", "probe-rs").refused(2, "probe-rs cannot start", "openocd, pyocd")
    run(build, "--ram", "--tool", "pyocd", "--port", board).refused(2, "leave --port out")
