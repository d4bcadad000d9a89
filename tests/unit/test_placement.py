"""Where a hop lies: in RAM with fast kernels where the budget holds it, or in flash with small weights."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wwtool.base.assets import asset_dir
from wwtool.budget.cache import key_of
from wwtool.budget.dry_build import random_model
from wwtool.budget.estimate import estimated_sizes
from wwtool.budget.result import flash_wait_cycles, within
from wwtool.config import BoardConfig, BudgetConfig
from wwtool.evaluation.detector import DetectorConfig
from wwtool.firmware.link_map import WEIGHTS
from wwtool.firmware.toolchains import find_toolchain
from wwtool.models.zoo import ALL_MODELS, ZOO
from wwtool.packages.bare_metal.project import write_project
from wwtool.packages.placement import hop_in_ram, place_hop, reread_bytes
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import FlashCache, Platform

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


@pytest.mark.parametrize("name", ["nano33ble", "host"])
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
    # Variables are the same; both are measured, and a hop's code ends at 8 bytes, its constants at 4 (link.ld).
    assert in_ram.ram - in_flash.ram == pytest.approx(in_ram.resident_ram, abs=8 + 4)
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


def test_the_esp32s3_leaves_weights_in_flash_and_nothing_else() -> None:
    esp = load_platform("esp32s3")
    strict = within(esp, BudgetConfig(ram_bytes=80_000))
    fast, small = random_model(esp, ZOO["tcn64"], "m"), random_model(strict, ZOO["tcn64"], "m")
    assert (fast.optimize, hop_in_ram(esp, fast)) == ("speed", True)
    assert (small.optimize, hop_in_ram(strict, small)) == ("size", False)
    in_ram, in_flash = estimated_sizes(esp, fast, "hey"), estimated_sizes(strict, small, "hey")
    assert in_ram and in_flash
    assert in_ram.model_resident == in_ram.model_flash and in_flash.model_resident == 0
    assert in_flash.resident_ram > 20_000, "its code"
    assert in_flash.ram < in_ram.ram - in_ram.model_flash + 4096
    assert flash_wait_cycles(esp, in_ram, 1000) == 0
    assert flash_wait_cycles(strict, in_flash, 1000) == -(-(in_flash.model_flash + 1000) // 4) * 18


def test_the_flash_does_not_get_faster_with_the_core() -> None:
    esp = load_platform("esp32s3")
    at = {mhz: esp.with_board(BoardConfig(clock_mhz=mhz)).chip for mhz in (80, 160, 240)}
    assert {mhz: chip.flash_word_cycles * 1e3 / mhz for mhz, chip in at.items()} == dict.fromkeys(at, 225.0)


@given(
    sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=4),
    gaps=st.lists(st.integers(0, 5000), min_size=4, max_size=4),
    ways=st.sampled_from([1, 2, 4]),
    before=st.lists(st.integers(0, 300), max_size=80),
)
def test_what_a_cache_keeps_it_keeps_wherever_it_lies(
    sizes: list[int], gaps: list[int], ways: int, before: list[int]
) -> None:
    """Held to a cache that forgets the line that came first, with anything in it before."""
    cache = FlashCache(bytes=4096, line_bytes=16, ways=ways)
    sets = 4096 // 16 // ways
    held: dict[int, list[int]] = {}

    def read(line: int) -> bool:
        lines = held.setdefault(line % sets, [])
        if line in lines:
            return True
        lines.append(line)
        del lines[:-ways]
        return False

    for line in before:
        read(line)
    place = 5000
    lines: list[int] = []
    for size, gap in zip(sizes, gaps, strict=False):
        place += gap
        lines += range(place // 16, (place + size - 1) // 16 + 1)
        place += size
    if cache.keeps(sizes):
        for line in lines:
            read(line)
        assert all(read(line) for line in lines)
    elif sum(sizes) > 4096:
        for line in lines:
            read(line)
        assert not all(read(line) for line in lines)


def test_constants_that_no_cache_keeps_are_read_again_for_each_position() -> None:
    esp = load_platform("esp32s3")
    streaming, picture = (random_model(esp, ALL_MODELS[name], "m") for name in ("tcn64", "resnet18w16"))
    assert reread_bytes(esp, streaming) == 0, "one position a hop"
    largest = max(sum(c.nbytes for c in call.constants()) for call in picture.program.calls)
    assert largest > esp.chip.flash_cache.bytes if esp.chip.flash_cache else False
    assert reread_bytes(esp, picture) >= largest
    assert reread_bytes(PICO, picture) >= largest
    assert reread_bytes(load_platform("nano33ble"), picture) == 0, "its profile has no cache"
