"""Pictures of wiring: each pin of the profile is in them, and those of the docs are today's."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import wiring

from wwtool.config import parse_config
from wwtool.pipeline.bringup import STEPS
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform
from wwtool.reports.wiring_picture import wiring_picture

ROOT = Path(__file__).parents[2]
BOARD_CODE = ROOT / "firmware_templates/boards"
S3 = load_platform("esp32s3")


def words(picture: str) -> list[str]:
    """The texts of a picture, which is well-formed."""
    return [node.text or "" for node in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize(("name", "picture"), wiring.pictures().items())
def test_the_docs_have_today_s_picture(name: str, picture: str) -> None:
    assert (ROOT / "docs/images" / name).read_text() == picture, "run scripts/wiring.py"
    assert not re.search(r"(url\(|href=|src=)", picture), "it loads nothing"


@pytest.mark.parametrize("name", S3.presets)
def test_every_pin_of_a_preset_is_drawn(name: str) -> None:
    board = S3.with_board(parse_config({"board": {"preset": name}}, "my.yaml").board)
    assert board.wiring is not None
    drawn = {int(word.removeprefix("GPIO")) for word in words(wiring_picture(board)) if word.startswith("GPIO")}
    assert drawn == set(board.wiring.pins.values())


@pytest.mark.parametrize(("slot", "level"), [("left", "GND"), ("right", "3V3")])
def test_the_slot_decides_where_l_r_goes(slot: str, level: str) -> None:
    microphone = {"interface": "i2s", "bclk": 4, "ws": 5, "sd": 6, "slot": slot}
    board = S3.with_board(parse_config({"board": {"microphone": microphone}}, "my.yaml").board)
    assert [wire.pin for wire in board.wires if wire.end == "L/R"] == [level]


def test_an_led_that_is_on_when_low_hangs_on_the_supply() -> None:
    board = S3.with_board(parse_config({"board": {"indicator": {"pin": 7, "active": "low"}}}, "my.yaml").board)
    assert {wire.end[-2]: wire.pin for wire in board.wires if wire.part.startswith("LED")} == {"+": "3V3", "-": "GPIO7"}


def pins(platform: Platform, part: str) -> list[str]:
    return [wire.pin for wire in platform.wires if part in wire.part and wire.carries != "ground"]


def test_the_pico_s_wires_are_those_of_its_code() -> None:
    code = dict(re.findall(r"PIN_(\w+) = (\d+)", (BOARD_CODE / "pico/board.h").read_text()))
    pico = load_platform("pico")
    assert pins(pico, "microphone")[0].startswith(f"GP{code['MICROPHONE']},")
    assert [pin.split(",")[0] for pin in pins(pico, "serial")] == [f"GP{code['UART_TX']}", f"GP{code['UART_RX']}"]
    assert pins(pico, "LED") == [f"GP{code['LED']}"]


def test_the_nano_s_wires_are_those_of_its_code() -> None:
    text = (BOARD_CODE / "nano33ble/board.h").read_text()
    found = re.findall(r"#define PIN_(\w+) +PIN\((\d), (\d+)\)", text)
    code = {name: f"P{port}.{int(pin):02}" for name, port, pin in found}
    nano = load_platform("nano33ble")
    assert pins(nano, "MP34DT05") == [code["PDM_CLK"], code["PDM_DIN"], code["PDM_POWER"]]
    assert pins(nano, "serial") == [f"TX, {code['UART_TX']}", f"RX, {code['UART_RX']}"]
    assert pins(nano, "LED") == [code["LED"]]


@pytest.mark.parametrize("name", wiring.BOARDS)
def test_the_page_of_the_first_ten_minutes_names_every_pin(name: str) -> None:
    page = (ROOT / f"docs/first-contact/{name}.md").read_text()
    assert f"../images/wiring-{name}.svg" in page
    for wire in load_platform(name).wires:
        assert wire.pin.split(",")[0] in page, f"{wire.part} {wire.end}: {wire.pin}"


def test_the_docs_name_every_step_of_bringup() -> None:
    page = (ROOT / "docs/first-contact/index.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(STEPS)


def test_a_board_without_wires_has_no_picture() -> None:
    assert wiring_picture(load_platform("host")) == ""
