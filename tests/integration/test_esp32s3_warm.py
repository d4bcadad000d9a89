"""An ESP32-S3 as other programs leave it: a DMA that runs, a UART of other settings, the ROM's download mode."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import serial
from test_esp32s3_boot import PLATFORM, image
from test_esp32s3_image import needs_tools

from wwtool.device.session import Session
from wwtool.emulators import esp32s3
from wwtool.emulators.esp32s3_registers import registers, starts
from wwtool.errors import DeviceError

CLOCK = "    UART_CLK_CONF = UART_CLK_CONF_CRYSTAL | UART_CLK_CONF_ENABLE | UART_CLK_CONF_RX;\n"
REASONS = {"load-ram": b"usb", "warm": b"software"}

pytestmark = needs_tools


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image(tmp_path_factory.mktemp("good"))


def test_states_are_of_registers_that_are_known() -> None:
    assert set(starts()) == set(REASONS)
    for state in starts().values():
        assert set(state.registers) <= set(registers())


@pytest.mark.parametrize("state", sorted(REASONS))
def test_it_starts_from_every_state(good: Path, state: str) -> None:
    with esp32s3.start(good, state=state) as board:
        assert board.usb_said.startswith(b">\r\nww-boot-[reset=" + REASONS[state])
        assert re.search(rb"ww-boot-\[clock_khz=(79|80)\d{3}\]", board.usb_said)
        with Session(board.url) as session:
            assert session.info().board == "esp32s3"
            assert session.infer(2).latency_us > 0
        board.check()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("state", "file", "old", "said"),
    [
        ("warm", "takeover", "    UART_FLOW_CONF = 0;\n", "without flow control"),
        ("warm", "uart", "    GPIO_IN_SELECT(SIGNAL_U0RXD) = 0;", "do not come to GPIO43 and GPIO44"),
        ("warm", "uart", "    UART_CONF0 = format;\n", "is not 8N1"),
        ("load-ram", "uart", CLOCK, "crystal's clock, undivided"),
    ],
    ids=["held", "pin", "format", "clock"],
)
def test_what_a_warm_entry_has_to_set(state: str, file: str, old: str, said: str, tmp_path: Path) -> None:
    broken = image(tmp_path, PLATFORM, **{file: (old, "")})
    with pytest.raises(DeviceError, match=said):
        esp32s3.start(broken, state=state).close()


def answers(file: Path, state: str) -> bool:
    try:
        with esp32s3.start(file, state=state) as board, serial.serial_for_url(board.url, timeout=3) as port:
            port.write(b"ww-boot%")
            said = port.read_until(b"m-ready\r\n")
            board.check()
            return b"reset=" + REASONS[state] in said and bytes(board.usb_said).endswith(b"m-ready\r\n")
    except (DeviceError, serial.SerialException):
        return False


@pytest.mark.slow
def test_a_dma_of_another_program_does_not_write_into_this_one(good: Path, tmp_path: Path) -> None:
    assert answers(good, "warm")
    assert not answers(image(tmp_path, PLATFORM, takeover=("    stop_dma();\n", "    (void)stop_dma;\n")), "warm")
