"""The Pico's image on a chip that is as hard as silicon: it starts from every state that a loader leaves, waits for
what is late, comes back from what never comes, and may not use a register in a wrong way."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
import serial
from _pytest.mark import ParameterSet
from board_images import PICO_FLAGS, changed_board, link_arm_board, pico_elf, pico_image
from test_pico_image import needs_emulator
from test_pico_ram import ram_uf2

from wwtool.device.session import Session
from wwtool.emulators import pico
from wwtool.emulators.rp2040_facts import registers, start_states
from wwtool.errors import DeviceError
from wwtool.firmware.make_image import to_uf2

pytestmark = needs_emulator


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pico_image(pico_elf(tmp_path_factory.mktemp("pico")))


def changed(folder: Path, file: str, old: str, new: str) -> Path:
    """The image of the board's code with a change."""
    board = changed_board("pico", folder / "board", file, old, new)
    link_arm_board(board, folder / "changed.elf", PICO_FLAGS)
    return pico_image(folder / "changed.elf")


def boot_log(url: str, timeout_s: float = 20) -> dict[str, str]:
    with serial.serial_for_url(url, timeout=timeout_s) as port:
        return dict(re.findall(r"ww-boot-\[(\w+)=([^\]]*)\]", port.read_until(b"m-ready\r\n").decode()))


def fails(image: Path, reason: str, **options: object) -> None:
    with pytest.raises(DeviceError, match=reason), pico.start(image, **options) as board:  # type: ignore[arg-type]
        board.wait_for_failure(20)
        board.check()


# What a loader leaves


@pytest.mark.parametrize("state", sorted(set(start_states()) - {"ram"}))
@pytest.mark.parametrize("console", ["uart", "usb"])
def test_it_starts_from_every_state(image: Path, state: str, console: str) -> None:
    with pico.start(image, state=state, console=console) as board, Session(board.url) as session:
        assert session.info().board == "pico"
        assert session.infer(2).latency_us > 0
        board.check()


@pytest.mark.parametrize(("state", "reset"), [("flash", "power-on"), ("debugger", "power-on")])
def test_it_says_why_it_starts(image: Path, state: str, reset: str) -> None:
    with pico.start(image, state=state) as board:
        log = boot_log(board.url)
    assert log["reset"] == reset
    assert int(log["clock_khz"]) == pytest.approx(int(log["clock_khz_expected"]), rel=0.005)


def test_a_start_by_the_boot_rom_is_no_watchdog(image: Path, tmp_path: Path) -> None:
    """The ROM's reboot lets the watchdog's timer run out, as a program that hangs does."""
    file = tmp_path / "image.uf2"
    file.write_bytes(to_uf2(image.read_bytes()))
    for start in (file, ram_uf2(tmp_path / "ram.elf")):
        with pico.start(start) as board:
            assert boot_log(board.url)["reset"] == "software"
    old = "&& WATCHDOG->scratch[SCRATCH_BEFORE] == SCRATCH_MARK_OWN"
    file.write_bytes(to_uf2(changed(tmp_path, "facts.c", old, "").read_bytes()))
    with pico.start(file) as board:
        assert boot_log(board.url)["reset"] == "watchdog", "what it said at first"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("    select_source(CLK_SYS, CLK_SYS_SRC_REF);\n", "", "pll_sys is reset while clk_sys"),
        ("    subsystems_restart(reset_bit);\n", "    (void)reset_bit;\n", "pll_sys is changed while it runs"),
    ],
    ids=["clk_sys", "pll"],
)
def test_a_running_clock_is_not_pulled_away(tmp_path: Path, old: str, new: str, reason: str) -> None:
    fails(changed(tmp_path, "clocks.c", old, new), reason, state="debugger")


def answers(image: Path, **options: object) -> bool:
    with (
        contextlib.suppress(OSError, DeviceError),
        pico.start(image, **options) as board,  # type: ignore[arg-type]
        serial.serial_for_url(board.url, timeout=3) as port,
    ):
        port.read_until(b"m-ready\r\n")
        port.write(b"name%")
        return b"m-name-dut-[wwtool-pico]" in port.read_until(b"]") and board.failure is None
    return False


def test_a_dma_of_another_program_does_not_write_into_this_one(tmp_path: Path, image: Path) -> None:
    assert answers(image, state="debugger")
    assert not answers(
        changed(tmp_path, "startup.c", "reg_set(&RESETS->reset, RESET_ALL_AT_START);", ""), state="debugger"
    )


@pytest.mark.parametrize("state", ["uf2", "debugger"])
def test_the_memory_of_usb_is_not_clear(tmp_path: Path, state: str) -> None:
    broken = changed(tmp_path, "usb_controller.c", "word[i] = 0;", "(void)word[i];")
    fails(broken, "buffers of another program", state=state, console="usb")


# Registers


def also(*values: object) -> ParameterSet:
    """A case for when there is time."""
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("(void)WATCHDOG->load;", "WATCHDOG_LOAD is read, which can only be written"),
        ("(void)*SIO_GPIO_OUT_SET;", "SIO_GPIO_OUT_SET is read"),
        also("(void)*DMA_MULTI_CHAN_TRIGGER;", "DMA_MULTI_CHAN_TRIGGER is read"),
        ("CLK_REF->div = 0x1FF;", "CLOCKS_CLK_REF_DIV is written with 1ff, whose bits ff are reserved"),
        also("reg_set(&CLK_SYS->ctrl, 1u << 11);", "CLOCKS_CLK_SYS_CTRL is written with 800"),
        ("RESETS->reset_done = 1;", "RESETS_RESET_DONE is written with 1, whose bits 1 are reserved or read-only"),
        ("*REG_AT(volatile uint32_t, 0x40060000u) = 0;", "register 40060000 is written"),
        also("(void)*REG_AT(volatile uint32_t, 0x40050000u);", "register 40050000 is read"),
        ("*(volatile uint8_t *)&GPIO(PIN_LED)->ctrl = 5;", "a part of register 400140cc is written"),
        also("GPIO(PIN_LED)->ctrl = 1u << 5;", "IO_BANK0_GPIO_CTRL is written with 20"),
        ("(void)*SYSINFO_CHIP_ID;", "SYSINFO is used while in reset"),
    ],
)
def test_a_register_that_is_used_in_a_wrong_way_ends_the_run(tmp_path: Path, line: str, reason: str) -> None:
    fails(changed(tmp_path, "board.c", "    clocks_init();\n", f"    clocks_init();\n    {line}\n"), reason)


def test_the_revision_is_asked_of_a_block_that_is_out_of_reset(tmp_path: Path) -> None:
    broken = changed(tmp_path, "usb_controller.c", "RESET_USBCTRL | RESET_SYSINFO", "RESET_USBCTRL")
    fails(broken, "SYSINFO is used while in reset", console="usb")


def test_every_register_has_a_place_of_its_own() -> None:
    places = [r.at + n * r.stride for r in registers() for n in range(r.count)]
    assert len(places) == len(set(places))
    assert all(not r.wo or r.writes for r in registers())


# Waiting

MS = 1e6
STARTS_LATE = {
    "crystal": 40 * MS,
    "pll_sys": 9 * MS,
    "pll_usb": 9 * MS,
    "clk_ref": MS,
    "clk_sys": MS,
    "reset": MS,
    "adc": MS,
}


@pytest.mark.parametrize(
    "late", [STARTS_LATE, *(also({name: ns}) for name, ns in STARTS_LATE.items())], ids=lambda late: "-".join(late)
)
def test_what_is_late_is_waited_for(image: Path, late: dict[str, float]) -> None:
    with pico.start(image, late=late) as board:
        assert boot_log(board.url)["reset"] == "power-on"
        assert board.stats()["led_on"] == 0


@pytest.mark.parametrize(
    ("file", "old", "state", "reason"),
    [
        ("clocks.c", "    await_bits(&XOSC->status, XOSC_STATUS_STABLE);\n", "flash", "crystal before that is stable"),
        ("clocks.c", "    await_bits(&pll->cs, PLL_CS_LOCK);\n", "flash", "clk_sys is taken from pll_sys before"),
        ("clocks.c", "    await_bits(&clock->selected, 1u << source);\n", "debugger", "pll_sys is reset while clk_sys"),
        ("clocks.c", "    await_bits(&RESETS->reset_done, reset_bits);\n", "uf2", "is used while in reset"),
        ("adc.c", "    await_bits(&ADC->cs, ADC_CS_READY);\n", "flash", "the ADC is started before it is ready"),
    ],
    ids=["crystal", "pll", "mux", "reset", "adc"],
)
def test_a_wait_that_is_left_out(tmp_path: Path, file: str, old: str, state: str, reason: str) -> None:
    silence = tmp_path / "silence.raw"
    silence.write_bytes(bytes(3200))
    late = {**STARTS_LATE, "adc": 500 * MS}
    fails(changed(tmp_path, file, old, ""), reason, state=state, late=late, audio=silence)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in ("adc", "clk_sys") else ()) for name in STARTS_LATE]
)
def test_what_never_comes_ends_in_a_reset(image: Path, name: str) -> None:
    """The watchdog runs before anything is waited for; the LED says that something does not come."""
    with pico.start(image, late={name: None}, restarts=True) as board:
        for _ in range(200):
            stats = board.stats()
            if stats["resets"] > 0:
                break
            board.wait_for_failure(0.1)
        assert stats["resets"] > 0
        assert stats["led_on"] >= (0 if name == "reset" else 1)
        board.check()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["uart_room", "uart_idle"])
def test_a_serial_port_that_never_sends_ends_in_a_reset(image: Path, name: str) -> None:
    with (
        contextlib.suppress(DeviceError),
        pico.start(image, late={name: None}, restarts=True) as board,
        serial.serial_for_url(board.url, timeout=1) as port,
    ):
        port.write(b"ww-baud 115200%")
        while board.stats()["resets"] == 0:
            board.wait_for_failure(0.1)
    assert board.stats()["resets"] > 0


def test_an_abort_that_never_ends(image: Path) -> None:
    with pico.start(image, console="usb", revision=2, late={"abort": None}) as board, Session(board.url) as session:
        assert session.info().board == "pico"
        board.check()


def test_an_abort_that_is_waited_for_without_end(tmp_path: Path) -> None:
    for_ever = changed(tmp_path, "usb_controller.c", " && turns < ABORT_TURNS", "")
    with (
        pico.start(for_ever, console="usb", revision=2, late={"abort": None}) as board,
        contextlib.suppress(OSError),
        serial.serial_for_url(board.url, timeout=2) as port,
    ):
        port.write(b"name%")
        assert b"m-name" not in port.read(200)


def test_a_byte_that_comes_while_it_starts_is_lost_and_no_fault(tmp_path: Path) -> None:
    """As on silicon, where nothing listens to the pin yet; the board takes its time to begin."""
    begin = "void uart_init(uint32_t baud)\n{\n"
    waiting = f"{begin}    for (volatile uint32_t i = 0; i < 2000000; ++i) {{\n    }}\n"
    board = changed_board("pico", tmp_path / "board", "uart.c", begin, waiting)
    link_arm_board(board, tmp_path / "slow.elf", PICO_FLAGS)
    with pico.start(pico_image(tmp_path / "slow.elf"), console="uart") as slow:
        with serial.serial_for_url(slow.url, timeout=30) as port:
            port.write(b"%" * 9)
            assert port.read_until(b"m-ready\r\n").endswith(b"m-ready\r\n")
        with Session(slow.url) as session:
            assert session.info().board == "pico"
        slow.check()
