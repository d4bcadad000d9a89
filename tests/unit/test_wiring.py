"""Boards as data: presets that ship are sound, a user's pins are checked, and the firmware gets what was chosen."""

from __future__ import annotations

import copy
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from wwtool.base.assets import asset_dir
from wwtool.config import Config, load_config, parse_config
from wwtool.errors import InputError, UsageError
from wwtool.packages.bare_metal.project import write_board_config
from wwtool.platforms.load import load_platform, load_platforms, parse_platform
from wwtool.platforms.profile import Platform
from wwtool.platforms.wiring import strapping_warnings, wiring_lines

S3 = load_platform("esp32s3")
PRESETS = [(platform, name) for platform in load_platforms() for name in platform.presets]
I2S = {"interface": "i2s", "bclk": 4, "ws": 5, "sd": 6}
PDM = {"interface": "pdm", "clk": 4, "data": 5}


def config(**board: Any) -> Config:
    return parse_config({"board": board}, "my.yaml")


def wired(**board: Any) -> Platform:
    return S3.with_board(config(**board).board)


def rendered(platform: Platform, folder: Path) -> dict[str, int]:
    """The constants of board_config.h, as the compiler reads them."""
    write_board_config(folder, platform)
    text = (folder / "board_config.h").read_text()
    names = re.findall(r"^ +(BOARD_\w+) =", text, re.M)
    prints = "".join(f'printf("{name} %d\\n", {name});' for name in names)
    program = f'#include "board_config.h"\n#include <stdio.h>\nint main(void) {{ {prints} return 0; }}\n'
    (folder / "print.c").write_text(program)
    subprocess.run(["cc", "-std=c99", "-Wall", "-Werror", "-o", folder / "print", folder / "print.c"], check=True)
    said = subprocess.run([folder / "print"], capture_output=True, text=True, check=True).stdout
    return {name: int(value) for name, value in (line.split() for line in said.splitlines())}


@pytest.mark.parametrize(("platform", "name"), PRESETS, ids=[f"{p.name}-{n}" for p, n in PRESETS])
def test_a_shipped_preset(platform: Platform, name: str, tmp_path: Path) -> None:
    chosen = platform.with_board(config(preset=name).board)
    assert chosen.wiring is not None
    assert chosen.wiring.preset == name
    assert chosen.wiring.source, "its pins are from somewhere"
    found = rendered(chosen, tmp_path)
    pins = {value for key, value in found.items() if key.startswith("BOARD_PIN") and value != found["BOARD_PIN_NONE"]}
    assert pins == set(chosen.wiring.pins.values())
    for pin in pins:
        assert f"GPIO{pin}" in " ".join(wiring_lines(chosen.wiring)), "a person is told of every pin"


def test_both_profiles_of_the_s3_have_the_same_presets() -> None:
    assert load_platform("esp32s3_psram").presets == S3.presets
    assert list(S3.presets) == ["devkitc", "box-3", "atom-echo-s3r", "atoms3-echo", "xiao-sense"]
    assert S3.wiring == wired(preset="devkitc").wiring, "the first is the default"


def test_a_platform_of_a_user_s_own_with_a_shipped_board_s_code_has_its_presets(tmp_path: Path) -> None:
    profile = yaml.safe_load((asset_dir("platforms") / "esp32s3.yaml").read_text())
    own = {key: value for key, value in profile.items() if key not in ("pins", "presets")}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(own | {"name": "mine", "board": "esp32s3"}))
    mine = load_platform(str(tmp_path / "mine.yaml"))
    assert (mine.presets, mine.pins, mine.silicon) == (S3.presets, S3.pins, S3.silicon)


def test_what_the_firmware_gets(tmp_path: Path) -> None:
    box = rendered(wired(preset="box-3"), tmp_path)
    assert (box["BOARD_PIN_BCLK"], box["BOARD_PIN_WS"], box["BOARD_PIN_SD"], box["BOARD_PIN_MCLK"]) == (17, 45, 16, 2)
    assert (box["BOARD_PIN_SDA"], box["BOARD_PIN_SCL"]) == (8, 18)
    assert box["BOARD_CODEC"] == box["BOARD_CODEC_ES7210"] != box["BOARD_CODEC_ES8311"]
    assert (box["BOARD_MICROPHONE_IS_PDM"], box["BOARD_MICROPHONE_GAIN_BITS"]) == (0, 1)
    xiao = rendered(wired(preset="xiao-sense"), tmp_path)
    assert (xiao["BOARD_MICROPHONE_IS_PDM"], xiao["BOARD_PIN_WS"], xiao["BOARD_PIN_SD"]) == (1, 42, 41)
    assert (xiao["BOARD_PIN_INDICATOR"], xiao["BOARD_INDICATOR_IS_LOW"]) == (21, 1)
    assert xiao["BOARD_CODEC"] == xiao["BOARD_CODEC_NONE"]
    assert xiao["BOARD_PIN_BCLK"] == xiao["BOARD_PIN_NONE"]


def test_a_config_replaces_parts_of_a_preset(tmp_path: Path) -> None:
    platform = wired(preset="xiao-sense", microphone={**I2S, "slot": "right", "gain_db": 0})
    found = rendered(platform, tmp_path)
    assert (found["BOARD_PIN_BCLK"], found["BOARD_MICROPHONE_IS_PDM"], found["BOARD_MICROPHONE_IS_RIGHT"]) == (4, 0, 1)
    assert found["BOARD_PIN_INDICATOR"] == 21, "the rest is the preset's"
    assert platform.wiring is not None
    assert platform.wiring.title.endswith("changed by the config")


def test_platforms_whose_pins_are_fixed(tmp_path: Path) -> None:
    pico = load_platform("pico")
    assert pico.wiring is None
    assert pico.with_board(config().board) is pico
    write_board_config(tmp_path, pico)
    assert not list(tmp_path.iterdir())
    with pytest.raises(InputError, match="the pins of pico are fixed"):
        pico.with_board(config(preset="devkitc").board)


@pytest.mark.parametrize(
    ("name", "said"),
    [("xiao-sens", "did you mean 'xiao-sense'"), ("box3", "did you mean 'box-3'"), ("zzz", "there are devkitc, box-3")],
)
def test_an_unknown_preset(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        wired(preset=name)


@pytest.mark.parametrize(
    ("board", "said"),
    [
        ({"microphone": {**I2S, "sd": 49}}, "board.microphone.sd: GPIO49 does not exist"),
        ({"microphone": {**I2S, "sd": 24}}, "board.microphone.sd: GPIO24 does not exist"),
        ({"microphone": {**I2S, "ws": 27}}, "board.microphone.ws: GPIO27 belongs to the flash"),
        ({"microphone": {**I2S, "bclk": 44}}, "board.microphone.bclk: GPIO44 belongs to the console"),
        ({"microphone": {**PDM, "data": 19}}, "board.microphone.data: GPIO19 belongs to the console"),
        ({"microphone": {**I2S, "sd": 5}}, "board.microphone.sd: GPIO5 is already board.microphone.ws"),
        ({"microphone": {**I2S, "sd": 2}}, "board.indicator.pin: GPIO2 is already board.microphone.sd"),
        ({"indicator": {"pin": 30}}, "board.indicator.pin: GPIO30 belongs to the flash"),
        (
            {"microphone": {**I2S, "mclk": 7, "codec": {"chip": "es7210", "sda": 7, "scl": 8}}},
            "board.microphone.codec.sda: GPIO7 is already board.microphone.mclk",
        ),
    ],
)
def test_pins_that_contradict(board: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        wired(**board)
    assert said in str(caught.value)


def test_octal_memory_has_more_pins() -> None:
    board = config(microphone={**I2S, "sd": 35}).board
    assert S3.with_board(board).wiring is not None
    with pytest.raises(InputError, match="GPIO35 belongs to the flash or the PSRAM"):
        load_platform("esp32s3_psram").with_board(board)


@pytest.mark.parametrize(
    ("board", "said"),
    [
        ({"microphone": {"interface": "analogue"}}, "my.yaml: board.microphone"),
        ({"microphone": {"interface": "i2s", "bclk": 4, "ws": 5}}, "board.microphone.i2s.sd: field required"),
        ({"microphone": {**I2S, "gain_db": 5}}, "board.microphone.i2s.gain_db"),
        ({"microphone": {**I2S, "pin": 5}}, "board.microphone.i2s.pin is not a known key"),
        ({"microphone": {**I2S, "codec": {"chip": "es7210", "sda": 1, "scl": 2}}}, "es7210 needs a pin mclk"),
        ({"preset": "Box 3"}, "board.preset"),
        ({"colour": "red"}, "board.colour is not a known key"),
    ],
)
def test_a_config_that_is_wrong(board: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        config(**board)
    assert said in str(caught.value)


def test_strapping_pins_are_mentioned_where_a_user_chose_them() -> None:
    pins = S3.pins
    assert pins is not None
    for board, count in (({"preset": "box-3"}, 0), ({"indicator": {"pin": 45}}, 1), ({"indicator": {"pin": 7}}, 0)):
        chosen = config(**board).board
        wiring = S3.with_board(chosen).wiring
        assert wiring is not None
        warnings = strapping_warnings(chosen, wiring, pins)
        assert len(warnings) == count
        assert all("board.indicator.pin: the chip reads GPIO45 at reset" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: p["presets"]["devkitc"]["microphone"].update(sd=27), "presets.devkitc: board.microphone.sd: gpio27"),
        (lambda p: p["presets"].update({"Dev Kit": p["presets"]["devkitc"]}), "'dev kit' is no name"),
        (lambda p: p.pop("pins"), "pins and presets belong together"),
        (lambda p: p["presets"]["devkitc"].pop("source"), "presets.devkitc.source: field required"),
    ],
)
def test_a_profile_whose_presets_are_wrong(change: Any, said: str, tmp_path: Path) -> None:
    profile = copy.deepcopy(yaml.safe_load((asset_dir("platforms") / "esp32s3.yaml").read_text()))
    change(profile)
    (tmp_path / "esp32s3.yaml").write_text(yaml.safe_dump(profile))
    with pytest.raises(InputError) as caught:
        parse_platform(tmp_path / "esp32s3.yaml")
    assert said in str(caught.value)


def test_the_default_config_leaves_the_board_to_the_platform() -> None:
    assert load_config(None).board.preset is None
