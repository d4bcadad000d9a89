"""Where a hop lies: in RAM with fast kernels where the budget holds it, or in flash with small weights."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from wwtool.base.assets import asset_dir
from wwtool.budget.cache import key_of
from wwtool.budget.dry_build import random_model
from wwtool.budget.estimate import estimated_sizes
from wwtool.budget.result import flash_wait_cycles, within
from wwtool.config import BudgetConfig
from wwtool.evaluation.detector import DetectorConfig
from wwtool.firmware.link_map import WEIGHTS
from wwtool.firmware.toolchains import find_toolchain
from wwtool.models.zoo import ZOO
from wwtool.packages.bare_metal.project import write_project
from wwtool.packages.placement import hop_in_ram, place_hop
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform

PICO = load_platform("pico")


def with_ram(ram_bytes: int) -> Platform:
    return PICO.model_copy(update={"budget": PICO.budget.model_copy(update={"ram_bytes": ram_bytes})})


def test_the_budget_decides() -> None:
    fast = random_model(PICO, ZOO["tcn32"], "m")
    memory = fast.memory.arena_bytes + fast.memory.state_bytes
    needed = PICO.memory.hop_bytes + memory + fast.weight_bytes + fast.table_bytes
    assert (fast.optimize, hop_in_ram(PICO, fast)) == ("speed", True)
    assert hop_in_ram(with_ram(needed), fast)
    assert not hop_in_ram(with_ram(needed - 1), fast)
    small = random_model(with_ram(needed - 1), ZOO["tcn32"], "m")
    assert small.optimize == "size"
    assert small.weight_bytes < fast.weight_bytes


def test_a_stricter_budget_of_the_config_leaves_a_hop_in_flash() -> None:
    limits = [BudgetConfig(flash_bytes=40_000), BudgetConfig(ram_bytes=40_000)]
    for strict in (within(PICO, limit) for limit in limits):
        model = random_model(strict, ZOO["tcn32"], "m")
        assert (model.optimize, hop_in_ram(strict, model)) == ("size", False)
        keys = {key_of(platform, ZOO["tcn32"], "m", "hey", "") for platform in (PICO, strict)}
        assert len(keys) == 2, "a cost remembered for the one is not that of the other"
    assert within(PICO, BudgetConfig()) == within(PICO, BudgetConfig(flash_bytes=1 << 30)) == PICO


def test_a_large_model_hears_with_the_fast_front_end(tmp_path: Path) -> None:
    """Its small weights fit, so the rest of the hop is in RAM like that of any other."""
    model = random_model(PICO, ZOO["res64"], "m")
    assert (model.optimize, hop_in_ram(PICO, model)) == ("size", True)
    write_project(tmp_path, PICO, find_toolchain(PICO), model, "hey", DetectorConfig())
    assert list((tmp_path / "core").glob("ww_frame_*.c"))


@pytest.mark.parametrize("name", ["nano33ble", "esp32s3", "host"])
def test_other_boards_have_nothing_to_place(name: str) -> None:
    platform = load_platform(name)
    model = random_model(platform, ZOO["tcn32"], "m")
    assert (model.optimize, hop_in_ram(platform, model)) == (platform.optimize, False)


def test_what_is_in_ram_does_not_wait() -> None:
    model = random_model(PICO, ZOO["tcn32"], "m")
    in_ram, in_flash = (estimated_sizes(platform, model, "hey") for platform in (PICO, with_ram(50_000)))
    assert in_ram and in_flash
    assert flash_wait_cycles(PICO, in_ram) == 0
    assert flash_wait_cycles(PICO, in_flash) == -(-in_flash.model_flash // 4) * PICO.chip.flash_word_cycles
    assert in_flash.resident_ram == 0
    assert in_ram.resident_ram > in_ram.model_flash
    # Variables are the same; both are measured, and each of two sections that a hop adds ends at a word.
    assert in_ram.ram - in_flash.ram == pytest.approx(in_ram.resident_ram, abs=2 * 4)
    parts = tuple(replace(part, resident=0) if part.name == WEIGHTS else part for part in in_ram.parts)
    assert flash_wait_cycles(PICO, replace(in_ram, parts=parts)) > 0


def test_the_linker_script_takes_the_hop_out_of_its_comments(tmp_path: Path) -> None:
    script = asset_dir("firmware_templates") / "boards" / "pico" / "link.ld"
    copy = tmp_path / "link.ld"
    copy.write_text(script.read_text())
    place_hop(copy)
    text = re.sub(r"/\*.*?\*/", "", copy.read_text(), flags=re.DOTALL)
    for pattern in ("*model_*.o(.text", "*model_*.o(.rodata", "*core_ww_frame*.o(.text", "*libgcc.a:"):
        assert pattern in text
        assert pattern not in re.sub(r"/\*.*?\*/", "", script.read_text(), flags=re.DOTALL)
