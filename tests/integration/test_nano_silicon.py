"""What would fail on a real Nano 33 BLE: resets, boot loaders and what they leave. Each fault fails here, too."""

from __future__ import annotations

import re
import shutil
import struct
from pathlib import Path

import pytest
from board_images import changed_board, nano_image

pytest.importorskip("unicorn")
pytestmark = pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed")

from nano_board import NAME, Board  # noqa: E402
from usb_board import READY  # noqa: E402

from wwtool.emulators.nrf52840.boot_loader import Adafruit, Reset  # noqa: E402
from wwtool.emulators.nrf52840.registers import FaultError  # noqa: E402

BOOT_LOADERS_BYTE = 0x20009BD4


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nano_image(tmp_path_factory.mktemp("nano") / "fake.elf")


def broken(tmp_path: Path, file: str, old: str, new: str) -> Path:
    return nano_image(tmp_path / "broken.elf", changed_board("nano33ble", tmp_path / "board", file, old, new))


def touch(board: Board, upload: bytes, patience_s: float = 12.0) -> None:
    """A flash tool opens and closes the port at 1200 baud, waits for the boot loader, and writes."""
    board.enumerate()
    board.chip.loader.upload = upload
    board.host.touch()
    board.until(lambda: board.chip.loader.uploads == 1, patience_s)


# ---- the touch -----------------------------------------------------------------------------------------------------


def test_a_touch_ends_in_a_flashed_board(image: Path) -> None:
    board = Board(image, restarts=True)
    new = image.read_bytes() + bytes(100_000)  # 29 pages take longer than the watchdog's patience
    touch(board, new)
    assert board.chip.read_memory(board.chip.origin, len(new)) == new
    board.run(1.0)
    assert board.open().ask(b"name%") == NAME


def test_with_adafruits_boot_loader(image: Path) -> None:
    board = Board(image, restarts=True, loader=Adafruit)
    touch(board, image.read_bytes() + bytes(100_000))
    board.run(1.0)
    assert board.open().ask(b"name%") == NAME


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        # What this firmware did at first: a soft reset, which the watchdog outlives.
        (
            "*ARDUINO_DOUBLE_TAP = ARDUINO_DOUBLE_TAP_WORD;",
            "*SCB_AIRCR = AIRCR_RESET;",
            r"the watchdog reset the chip before bossac wrote page \d+ of \d+",
        ),
        ("*ARDUINO_DOUBLE_TAP = ARDUINO_DOUBLE_TAP_WORD;", "", "it did not happen"),
    ],
    ids=["soft-reset", "no-word"],
)
def test_a_touch_that_spoils_its_own_flashing(tmp_path: Path, image: Path, old: str, new: str, reason: str) -> None:
    board = Board(broken(tmp_path, "watchdog.c", old, new), restarts=True)
    with pytest.raises((FaultError, AssertionError), match=reason):
        touch(board, image.read_bytes() + bytes(100_000), 7.0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ADAFRUIT_STAYS   0x57u", "ADAFRUIT_STAYS   0xB0u"),
        ("if (boot_loader_is_adafruits())", "if (boot_loader_is_adafruits() && false)"),
    ],
)
def test_adafruits_boot_loader_wants_its_own_word(tmp_path: Path, image: Path, old: str, new: str) -> None:
    board = Board(broken(tmp_path, "watchdog.c", old, new), restarts=True, loader=Adafruit)
    with pytest.raises(AssertionError, match="it did not happen"):
        touch(board, image.read_bytes(), 5.0)


# ---- what is left running -------------------------------------------------------------------------------------------


def test_a_byte_in_the_first_moment(image: Path) -> None:
    board = Board(image)
    assert board.chip.uarte.values[0x534] == BOOT_LOADERS_BYTE
    board.type_on_uart(b"name%")
    board.until(lambda: board.uart.endswith(NAME))
    for _ in range(3):
        assert board.ask_on_uart(b"name%") == NAME  # the ring is still in step


def test_a_warm_entry(image: Path) -> None:
    """Everything runs, and a watchdog that another program has set up wants all of its registers."""
    board = Board(image, start="warm")
    board.chip.watchdog.arm(2.0, 0xFF)
    assert board.open().ask(b"name%") == NAME
    assert board.ask_on_uart(b"name%") == NAME
    board.run(5.0)


def test_a_reset_in_the_middle_of_usb_traffic(image: Path) -> None:
    board = Board(image, restarts=True)
    for turn in range(3):
        board.open()
        board.type(b"name%" * 50)
        board.run(0.002 + 0.0013 * turn)
        board.chip.reset_chip(Reset.PROGRAM)
        board.until(lambda: not board.host.configured)
        board.usb.clear()
    assert board.open().ask(b"name%").endswith(NAME)


TONE = b"".join(b"ww-pcm 1024%" + (struct.pack("<2h", 12000, -12000) * 256) for _ in range(16))


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("takeover.c", "    stop_uart();\n", "    (void)stop_uart;\n", "gets pins while it is enabled"),
        ("takeover.c", "(void)wait_for(&UARTE0->events_rxto, 1);", "", "disabled while it receives"),
        ("takeover.c", "    stop_pwm();\n", "    (void)stop_pwm;\n", "still belongs to PWM0"),
        ("takeover.c", "    stop_microphone();\n", "    (void)stop_microphone;\n", "PDM"),
        ("system.c", "TIMER0->tasks_stop = 1;", "", "TIMER0: register 0x510 is changed while it runs"),
        ("uart.c", "TIMER1->tasks_stop = 1;", "", "TIMER1: register"),
        ("watchdog.c", "if (*WDT_RUNSTATUS == 0) {", "if (true) {", "configured after its start"),
        ("watchdog.c", "n < WDT_RR_COUNT", "n < 1u", "the watchdog reset the chip"),
    ],
    ids=["uart", "uart-wait", "pwm", "microphone", "timer0", "timer1", "locked-watchdog", "reload-registers"],
)
def test_what_a_warm_entry_has_to_end(tmp_path: Path, file: str, old: str, new: str, reason: str) -> None:
    board = Board(broken(tmp_path, file, old, new), start="warm")
    board.chip.watchdog.arm(2.0, 0xFF)
    with pytest.raises(FaultError, match=reason):
        board.run(0.5)
        board.type_on_uart(TONE)
        board.run(5.0)


@pytest.mark.parametrize("mended", [True, False])
def test_a_byte_while_the_rate_changes(tmp_path: Path, image: Path, mended: bool) -> None:
    board = Board(
        image if mended else broken(tmp_path, "uart.c", "    forget_received();\n", "    (void)forget_received;\n")
    )
    board.run(0.1)
    stop = board.chip.uarte.tasks[0x004]
    board.chip.uarte.tasks[0x004] = lambda: (stop(), board.chip.uarte.arrive_now(b"x"))[0]
    board.uart.clear()
    board.type_on_uart(b"ww-baud 921600%")
    board.until(lambda: READY in board.uart)
    board.run(0.1)
    board.uart.clear()
    board.type_on_uart(b"name%")
    board.run(0.5)
    assert (board.uart == NAME) is mended


# ---- waits that do not end ------------------------------------------------------------------------------------------


def test_a_crystal_that_does_not_start(tmp_path: Path, image: Path) -> None:
    waits_for_ever = "while ((*CLOCK_HFCLKSTAT & 1u) == 0) {\n    }"
    mended = "(void)wait_for(CLOCK_HFCLKSTAT, CLOCK_HFCLKSTAT_CRYSTAL);"
    for file, answers in ((image, True), (broken(tmp_path, "board.c", mended, waits_for_ever), False)):
        board = Board(file, start="arduino")
        board.chip.clock.crystal_is_broken = True
        board.host._cable = False  # USB needs the crystal, so no PC hopes for a device
        board.run(0.1)
        if answers:
            assert board.ask_on_uart(b"name%") == NAME
        else:
            assert not board.uart


def test_usb_that_never_gets_ready(image: Path) -> None:
    board = Board(image)
    board.chip.usbd.never_ready = True
    board.host._cable = False
    board.run(0.1)
    assert board.ask_on_uart(b"name%") == NAME
    assert board.chip.usbd.values[0x500] == 0


def never(board: Board, peripheral: str, offset: int) -> None:
    """An event of the chip that does not come."""
    part = getattr(board.chip, peripheral)
    happens = part.set_event
    part.set_event = lambda at: None if at == offset else happens(at)


RXTO, TXSTOPPED, ENDTX, ENDRX = 0x144, 0x158, 0x120, 0x110
STOPPED = 0x104  # of the microphone
WAITS_FOR_EVER = "for (uint32_t turns = 0; turns < WAIT_TURNS; turns++) {"


def says_its_name(board: Board) -> bool:
    board.uart.clear()
    board.type_on_uart(b"name%")
    board.run(0.01)
    return NAME in board.uart


@pytest.mark.parametrize("event", [RXTO, TXSTOPPED], ids=["receiver", "sender"])
def test_a_serial_port_that_never_stops_is_taken_over(tmp_path: Path, image: Path, event: int) -> None:
    for file, answers in ((image, True), (broken(tmp_path, "nrf52840.h", WAITS_FOR_EVER, "for (;;) {"), False)):
        board = Board(file, start="arduino")
        board.host._cable = False  # the board that hangs shows no device
        never(board, "uarte", event)
        board.run(0.05)
        assert says_its_name(board) is answers


@pytest.mark.parametrize("event", [RXTO, ENDRX], ids=["receiver", "flush"])
def test_a_change_of_the_rate_that_never_ends(tmp_path: Path, image: Path, event: int) -> None:
    for file, answers in ((image, True), (broken(tmp_path, "nrf52840.h", WAITS_FOR_EVER, "for (;;) {"), False)):
        board = Board(file).open()
        never(board, "uarte", event)
        board.type_on_uart(b"ww-baud 115200%")
        board.run(0.06)
        board.usb.clear()
        board.type(b"name%")
        board.run(0.01)
        assert (NAME in board.usb) is answers


@pytest.mark.parametrize("start", ["warm", "arduino"])
def test_a_microphone_that_never_stops(tmp_path: Path, image: Path, start: str) -> None:
    """At the take-over, where a warm entry finds it running, and at a command that stops it."""
    for file, answers in ((image, True), (broken(tmp_path, "nrf52840.h", WAITS_FOR_EVER, "for (;;) {"), False)):
        board = Board(file, start=start)
        board.host._cable = False  # the board that hangs shows no device
        if start == "warm":
            never(board, "pdm", STOPPED)
            board.chip.watchdog.arm(2.0, 0xFF)
            board.run(0.05)
        else:
            board.run(0.1)
            assert says_its_name(board)
            never(board, "pdm", STOPPED)
            board.type_on_uart(b"stop%")
            board.run(0.05)
        assert says_its_name(board) is answers


@pytest.mark.parametrize("patience", ["< 3000", "< 0xFFFFFFFF"])
def test_a_serial_port_that_never_ends_a_transfer_does_not_stop_usb(tmp_path: Path, patience: str) -> None:
    board = Board(broken(tmp_path, "uart.c", "< TX_PATIENCE_US", patience)).open()
    never(board, "uarte", ENDTX)
    board.type_on_uart(b"name%")
    board.run(0.03)
    board.usb.clear()
    board.type(b"name%")
    board.run(0.01)
    assert (NAME in board.usb) is (patience == "< 3000")


def test_a_copy_that_never_ends_does_not_stop_the_serial_port(image: Path) -> None:
    board = Board(image).open()
    for endpoint in range(3):
        never(board, "usbd", 0x108 + 4 * endpoint)
        never(board, "usbd", 0x12C + 4 * endpoint)
    board.type(b"name%")
    board.run(0.2)
    assert board.ask_on_uart(b"name%") == NAME


def test_a_crystal_that_is_late(image: Path) -> None:
    board = Board(image)
    started = board.chip.clock._started
    late = 10e-3 * board.chip.clock_hz
    board.chip.clock._started = lambda: board.chip.at(board.chip.now + late, started)  # type: ignore[method-assign]
    board.run(0.1)
    assert log_of(board)["crystal"] == "runs"
    assert board.open().ask(b"name%") == NAME


def test_an_odd_number_of_bytes_over_usb(tmp_path: Path) -> None:
    board = Board(broken(tmp_path, "usb_power.c", "        usb_even_dma();\n", ""))
    with pytest.raises(FaultError, match="odd number of bytes"):
        for extra in (b"", b"\n"):
            board.open().ask(extra + b"name%")
            board.host.unplug()
            board.run(0.5)
            board.host.plug()


# ---- registers ------------------------------------------------------------------------------------------------------


def test_every_register_says_which_bits_it_has(image: Path) -> None:
    unknown = {"USBD's errata registers"}  # Nordic's headers do not have them
    for part in Board(image).chip._pages.values():
        assert part.name in unknown or not set(part.values) - set(part._reserved), part.name


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("board.c", "= NVMC_ICACHECNF_CACHEEN;", "= NVMC_ICACHECNF_CACHEEN | 2u;", "NVMC: 0x3 in register 0x540"),
        ("board.c", "*CLOCK_TASKS_HFCLKSTART = 1;", "(void)*CLOCK_TASKS_HFCLKSTART;", "read of the task 0x000"),
        ("usb_power.c", "USBD->enable = 1;", "USBD->enable = 3;", "USBD: 0x3 in register 0x500"),
    ],
    ids=["cache", "task", "usb"],
)
def test_a_register_that_is_used_in_a_wrong_way(tmp_path: Path, file: str, old: str, new: str, reason: str) -> None:
    with pytest.raises(FaultError, match=reason):
        Board(broken(tmp_path, file, old, new)).open()


# ---- the boot log ---------------------------------------------------------------------------------------------------


def log_of(board: Board) -> dict[str, str]:
    board.until(lambda: b"m-init-done" in board.uart)
    return dict(re.findall(r"ww-boot-\[(\w+)=([^\]]*)\]", board.uart.decode()))


def test_a_board_that_hangs_comes_back_and_says_why(image: Path) -> None:
    board = Board(image, restarts=True)
    log = log_of(board)
    assert (log["reset"], log["crystal"], log["model"]) == ("power-on", "runs", "fake")
    for _ in range(2):
        board.run(0.01)
        board.uart.clear()
        board.type_on_uart(b"ww-hang%")
        board.run(4.0)
        assert log_of(board)["reset"] == "watchdog"
    board.uart.clear()
    board.chip.reset_chip(Reset.PROGRAM)
    board.run(1.0)
    assert log_of(board)["reset"] == "software"
    assert board.ask_on_uart(b"name%") == NAME


def test_the_log_tells_of_a_broken_crystal(image: Path) -> None:
    board = Board(image)
    board.chip.clock.crystal_is_broken = True
    board.host._cable = False
    board.run(0.1)
    assert log_of(board)["crystal"] == "broken"
