"""Platform profiles: those that ship are valid and plausible, contradictory ones are refused."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from wwtool.base.assets import asset_dir
from wwtool.doctor.profiles import check_profile
from wwtool.emulators.nrf52840 import registers
from wwtool.errors import InputError, UsageError
from wwtool.pipeline import hil
from wwtool.platforms.load import load_platform, load_platforms, parse_platform, platform_names
from wwtool.platforms.profile import Platform

PICO: dict[str, Any] = yaml.safe_load((asset_dir("platforms") / "pico.yaml").read_text())


@pytest.mark.parametrize("name", platform_names())
def test_a_shipped_profile(name: str) -> None:
    platform = load_platform(name)
    assert platform.name == name
    assert platform.title
    assert platform.budget.flash_bytes <= platform.memory.flash_bytes - platform.memory.reserved_flash_bytes
    assert platform.budget.ram_bytes <= platform.memory.ram_bytes - platform.memory.reserved_ram_bytes
    text = (asset_dir("platforms") / f"{name}.yaml").read_text()
    assert text.startswith("#"), "a profile says where its numbers are from"


def test_all_of_them() -> None:
    assert [p.name for p in load_platforms()] == platform_names()
    assert {"pico", "host"} <= set(platform_names())
    assert load_platform("host").has_board
    s3, psram = load_platform("esp32s3"), load_platform("esp32s3_psram")
    assert psram.board_folder == s3.board_folder
    assert psram.chip == s3.chip
    for key in ("code_in_ram", "code_alias", "hop_bytes", "application_offset", "application_origin"):  # of the chip
        assert getattr(psram.memory, key) == getattr(s3.memory, key), key


def test_where_an_image_goes() -> None:
    pico, nano = load_platform("pico").memory, load_platform("nano33ble").memory
    assert (pico.application_origin, pico.application_bytes) == (0x10000000, 2097152 - 4096)
    assert (nano.application_origin, nano.application_bytes) == (0x10000, 983040)
    assert load_platform("nano33ble").has_board


def test_how_a_board_is_flashed() -> None:
    pico, nano, host = (load_platform(name) for name in ("pico", "nano33ble", "host"))
    assert pico.flash_tools == ("uf2", "picotool", "openocd", "pyocd", "probe-rs")
    assert nano.flash_tools[0] == "bossac"
    assert host.flash_tools == ()
    assert pico.chip.boot2_crc
    assert not nano.chip.boot2_crc
    ids = [i for p in load_platforms() if p.usb and not p.board for i in (*p.usb.running, *p.usb.loader)]
    assert len(ids) == len(set(ids)), "an id names one kind of board"


def test_unknown_names() -> None:
    with pytest.raises(UsageError, match="did you mean 'pico'"):
        load_platform("piko")
    with pytest.raises(UsageError, match=r"there are .*pico"):
        load_platform("zzz")
    with pytest.raises(UsageError):
        load_platform("../platforms/pico")


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("memory.reserved_flash_bytes", PICO["memory"]["flash_bytes"], "memory: reserved_flash_bytes must be less"),
        ("memory.reserved_ram_bytes", PICO["memory"]["ram_bytes"], "memory: reserved_ram_bytes must be less"),
        ("budget.flash_bytes", PICO["memory"]["flash_bytes"] + 1, "budget.flash_bytes is more than the"),
        ("budget.ram_bytes", PICO["memory"]["ram_bytes"] + 1, "budget.ram_bytes is more than the"),
        ("budget.latency_ms", 0, "budget.latency_ms"),
        ("budget.duty_percent", 101, "budget.duty_percent"),
        ("chip.core", "z80", "chip.core: there is no such core; there are cortex-m0, "),
        ("chip.cores", 0, "chip.cores"),
        ("chip.clock_hz", 133, "chip.clock_hz"),
        ("chip.fpu", True, "chip.fpu is not a known key"),
        ("name", "Pi Co", "name"),
        ("image", [], "image"),
        ("image", ["exe"], "image: 'exe'"),
        ("frameworks", [], "frameworks"),
        ("console.baud", 1, "console.baud"),
        ("toolchain", "keil", "toolchain"),
        ("flash_tool", "esptool", "flash_tool esptool needs flash_chip"),
        ("flash_chip", {"esptool_chip": "esp32s3", "mode": "fast", "frequency": "80m"}, "flash_chip.mode"),
        ("chip.cycles_per_instruction", 0.5, "chip.cycles_per_instruction"),
        ("memory.flash_bytes", "2 MB", "memory.flash_bytes"),
        ("memory.flash_origin", 0x10000001, "memory.flash_origin"),
        ("memory.flash_origin", 1 << 32, "memory.flash_origin"),
        ("memory.flash_origin", 0xFFFFFFFC, "memory: flash_origin and flash_bytes reach beyond"),
        ("memory.application_offset", 8192, "memory: application_offset must not be more than reserved_flash_bytes"),
        ("memory.application_offset", 2, "memory.application_offset"),
        ("chip.cycles_per_instruction", 0.5, "chip.cycles_per_instruction"),
        ("emulator", "unicorn", "chip.cycles_per_instruction is needed"),
        ("emulator", "qemu", "emulator"),
        ("usb.running", ["2E8A:000A"], "usb.running.0"),
        ("usb", None, "flash_tool uf2 needs usb"),
        ("uf2", None, "uf2 is needed"),
        ("uf2.entry", 0x1001, "uf2.entry"),
        ("probe", None, "probe is needed"),
        ("flash_alternatives", ["hammer"], "flash_tool: 'hammer'"),
        ("flash_tool", "bossac", "flash_tool bossac needs usb.loader"),
    ],
)
def test_contradictory_profiles(path: str, value: Any, said: str, tmp_path: Path) -> None:
    profile = copy.deepcopy(PICO)
    *sections, key = path.split(".")
    owner = profile
    for section in sections:
        owner = owner[section]
    owner[key] = value
    (tmp_path / "pico.yaml").write_text(yaml.safe_dump(profile))
    with pytest.raises(InputError) as caught:
        check_profile(parse_platform(tmp_path / "pico.yaml"))
    assert "pico.yaml: " in str(caught.value)
    assert said in str(caught.value)


def test_an_error_names_the_file_that_the_user_gave(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(yaml.safe_dump({**PICO, "name": "my_pico", "board": "pico", "emulator": "parrot"}))
    with pytest.raises(InputError, match=r"^file\.yaml: emulator: 'parrot' is not known"):
        check_profile(load_platform(str(path)))
    assert load_platform(str(path)).place == "file.yaml"
    assert load_platform("pico").place == "platforms/pico.yaml"


def test_keys_that_contradict_each_other_are_not_printed(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(yaml.safe_dump({**PICO, "toolchain": "gcc"}))
    with pytest.raises(InputError) as caught:
        parse_platform(path)
    assert str(caught.value) == ("file.yaml: toolchain gcc does not build for cortex-m0plus; that takes arm-none-eabi")


@pytest.mark.parametrize("missing", sorted(key for key in PICO if Platform.model_fields[key].is_required()))
def test_a_missing_key(missing: str, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(yaml.safe_dump({k: v for k, v in PICO.items() if k != missing}))
    with pytest.raises(InputError, match=f"p.yaml: {missing}: field required"):
        parse_platform(tmp_path / "p.yaml")


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_limit_is_a_number(tmp_path: Path, value: float) -> None:
    profile = tmp_path / "pico.yaml"
    profile.write_text(yaml.safe_dump({**PICO, "budget": {**PICO["budget"], "latency_ms": value}}))
    with pytest.raises(InputError, match=r"budget\.latency_ms"):
        parse_platform(profile)


@pytest.mark.parametrize("name", ["pico", "nano33ble"])
def test_a_program_says_the_usb_id_that_its_profile_has(name: str) -> None:
    platform = load_platform(name)
    text = (platform.board_folder / "usb_board.h").read_text()
    vendor, product = (re.search(rf"#define USB_{word} +0x([0-9A-F]{{4}})", text) for word in ("VENDOR", "PRODUCT"))
    assert vendor is not None and product is not None and platform.usb is not None
    assert platform.usb.running[0] == f"{vendor[1]}:{product[1]}".lower()


def test_a_linux_program_has_the_stack_that_its_suites_expect() -> None:
    text = (asset_dir("firmware_templates") / "boards" / "linux" / "stack.c").read_text()
    assert f"STACK_BYTES = {hil._LINUX_STACK_BYTES // 1024} * 1024" in text


def test_the_emulated_nano_has_the_memories_of_its_profile() -> None:
    memory = load_platform("nano33ble").memory
    assert (registers.FLASH_BYTES, len(registers.RAM)) == (memory.flash_bytes, memory.ram_bytes)
