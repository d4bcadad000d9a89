"""A board of a user's own: the worked example is built and run; what a profile may lack or contradict is told."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli import run_here

from wwtool.budget.dry_build import count_cycles, dry_build, random_model
from wwtool.config import BudgetConfig
from wwtool.device.session import Session
from wwtool.doctor.profiles import load_profile
from wwtool.emulators import qemu_arm
from wwtool.errors import DeviceError, InputError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.firmware.toolchains import find_toolchain
from wwtool.models.zoo import ZOO
from wwtool.packages.bare_metal.image import build_image
from wwtool.packages.bare_metal.project import write_project
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "new-board"
PROFILE = "feather_stm32f405.yaml"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A copy of the example to spoil."""
    folder = tmp_path / "my board, 1"
    shutil.copytree(EXAMPLE, folder)
    return folder / PROFILE


def change(profile: Path, **values: Any) -> Path:
    """Sets keys, ``section__key`` for those of a section; None takes one out."""
    keys = yaml.safe_load(profile.read_text())
    for path, value in values.items():
        *sections, key = path.split("__")
        owner = keys[sections[0]] if sections else keys
        if value is None:
            del owner[key]
        else:
            owner[key] = value
    profile.write_text(yaml.safe_dump(keys))
    return profile


def image(platform: Platform, folder: Path) -> dict[str, Path]:
    toolchain = find_toolchain(platform)
    compiled = random_model(platform, ZOO["tcn32"], "own")
    project = write_project(folder / "firmware", platform, toolchain, compiled, "my word", DetectorConfig())
    return build_image(project, platform, toolchain, folder / "objects", folder / "image", "own").files


def test_the_example_fits_and_counts_its_cycles(own: Path) -> None:
    result = dry_build(load_platform(str(own)), "tcn32", "my word", BudgetConfig())
    assert result.fits
    assert result.cycles is not None
    assert result.sizes.stack_reserved == 8192


def test_its_image_runs_and_answers(own: Path) -> None:
    platform = load_platform(str(own))
    files = image(platform, own.parent)
    assert {"bin", "hex", "elf"} <= files.keys()
    assert files["bin"].read_bytes()[4:8] != bytes(4), "a reset vector is the second word"
    with qemu_arm.start(platform, files["bin"]) as board, Session(board.url) as session:
        info = session.info()
        assert (info.board, info.phrase) == ("feather_stm32f405", "my word")
        assert 0 < session.memory().stack_bytes < 8192


def test_a_fault_is_not_taken_for_an_answer(own: Path) -> None:
    source = own.parent / "board" / "main.c"
    source.write_text(
        source.read_text().replace("system_init();", "system_init();\n    *(volatile uint32_t *)0x70000000 = 1;")
    )
    platform = load_platform(str(own))
    files = image(platform, own.parent)
    with pytest.raises(DeviceError):
        count_cycles(platform, files, random_model(platform, ZOO["tcn32"], "own"))


@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m0plus", "cortex-m3", "cortex-m7f", "cortex-m33f"])
def test_every_core_links(own: Path, core: str) -> None:
    profile = change(own, chip__core=core, emulator="none", qemu=None, chip__cycles_per_instruction=None)
    startup = own.parent / "board" / "startup.c"
    if not core.endswith("f"):
        startup.write_text(startup.read_text().replace("SCB_CPACR |= CPACR_FPU;", ""))
    assert image(load_platform(str(profile)), own.parent)["hex"].stat().st_size > 0


def test_a_shipped_board_under_other_limits(own: Path) -> None:
    profile = own.parent / "pico_large.yaml"
    shutil.copy(Path(EXAMPLE).parents[1] / "platforms" / "pico.yaml", profile)
    change(profile, name="pico_large", board="pico", memory__flash_bytes=16 << 20)
    platform = load_platform(str(profile))
    assert platform.board_folder == load_platform("pico").board_folder
    assert platform.memory.flash_bytes == 16 << 20


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "pico"}, "'pico' is a platform of wwtool's own"),
        ({"board": None}, "board: field required"),
        ({"board": "./bored"}, "there is no folder"),
        ({"board": "picco"}, "there is no folder"),
        ({"toolchain": "xtensa-lx106"}, "toolchain xtensa-lx106 does not build for cortex-m4f"),
        ({"qemu": None}, "the section qemu goes with the emulator qemu-arm"),
        ({"emulator": "none"}, "the section qemu goes with the emulator qemu-arm"),
        ({"qemu__icount_shift": 4}, "the emulated core counts 2.688; make them agree"),
        ({"qemu__machine": "-drive file=/etc/passwd"}, "qemu.machine"),
        ({"memory__reserved_ram_bytes": 131072}, "reserved_ram_bytes must be less than ram_bytes"),
        ({"memory__reserved_flash_bytes": 900000}, "budget.flash_bytes is more than the 148576 bytes"),
    ],
)
def test_contradictions(own: Path, values: dict[str, Any], said: str) -> None:
    change(own, **values)
    with pytest.raises(InputError) as caught:
        load_profile(str(own))
    assert said in str(caught.value)
    assert PROFILE in str(caught.value)


def test_missing_files(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own.parent / "board" / "link.ld").unlink()
    run_here(capsys, "budget", "--platform", own).refused(4, "has no link.ld; see docs/tutorials/my-own-board.md")
    run_here(capsys, "budget", "--platform", own.with_name("other.yaml")).refused(4, "other.yaml")


def test_a_linker_script_for_another_address(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(own, memory__flash_origin=0x08004000)
    run_here(capsys, "budget", "--platform", own, "--model", "tcn32").refused(4, "0x8000000", "0x8004000")


def test_a_compile_error_in_the_board_names_its_file(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own.parent / "board" / "uart.c").write_text("#error no uart\n")
    run_here(capsys, "budget", "--platform", own, "--model", "tcn32").refused(5, "board/uart.c", "no uart")


def test_it_is_shown_like_the_others(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = run_here(capsys, "platforms", own)
    assert shown.code == 0
    assert "Feather STM32F405" in shown.out


def test_brackets_in_its_title_are_no_markup(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(own, title="My [/b] Feather")
    for words in (("platforms", own), ("budget", "--platform", own, "--model", "tcn32")):
        shown = run_here(capsys, *words)
        assert shown.code == 0
        assert "My [/b] Feather" in shown.out


def test_a_linux_board_has_no_linker_script(own: Path) -> None:
    profile = own.parent / "my_zero.yaml"
    shutil.copy(Path(EXAMPLE).parents[1] / "platforms" / "rpi_zero.yaml", profile)
    platform = load_platform(str(change(profile, name="my_zero", board="rpi_zero")))
    assert platform.board_folder == load_platform("rpi_zero").board_folder
