"""Limits, energy, remedies and the linker's map, on figures made up for the purpose."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from wwtool.budget import cache
from wwtool.budget.energy import energy_use
from wwtool.budget.remedy import nearest_change
from wwtool.budget.result import Cost, available, framework_names, judge, reserve_of
from wwtool.budget.space import rows
from wwtool.cli.budget_tables import print_budgets
from wwtool.cli.terminal import Terminal
from wwtool.config import BudgetConfig
from wwtool.errors import ToolError, UsageError
from wwtool.firmware.cycles import Cycles
from wwtool.firmware.link_map import CONSOLE, MODEL_CODE, MODEL_MEMORY, PARTS, REST, WEIGHTS, Part, parts
from wwtool.firmware.sizes import Sizes
from wwtool.platforms.load import load_platform, load_platforms
from wwtool.platforms.profile import Platform

PICO, ESP = load_platform("pico"), load_platform("esp32s3")
ANY = BudgetConfig()


def _cost(flash: int = 40_000, ram: int = 12_000, stack: int | None = 1200, resident: int = 0) -> Cost:
    taken = {WEIGHTS: Part(WEIGHTS, 20_000, resident, resident), MODEL_MEMORY: Part(MODEL_MEMORY, 0, 3000, 0)}
    taken[REST] = Part(REST, flash - 20_000, ram - 3000 - resident, 0)
    every = tuple(taken.get(name, Part(name, 0, 0, 0)) for name in PARTS)
    sizes = Sizes(flash, ram, 20_000, 3000, 8192, resident, every)
    return Cost("tcn64", 24_000, 3, sizes, 64, 2900, Cycles(100_000, 300_000), stack)


def test_a_stack_deeper_than_its_reserve_does_not_fit() -> None:
    assert judge(PICO, ANY, _cost(stack=8192)).fits
    over = judge(PICO, ANY, _cost(stack=8193))
    assert [line.name for line in over.lines if not line.fits] == ["stack"]
    assert judge(PICO, ANY, _cost(stack=None)).line("stack") is None


def test_a_config_is_stricter_never_laxer() -> None:
    assert not judge(PICO, BudgetConfig(flash_bytes=39_999), _cost()).fits
    line = judge(PICO, BudgetConfig(flash_bytes=1 << 30), _cost()).line("flash")
    assert line is not None
    assert line.limit == PICO.budget.flash_bytes


def test_energy_is_the_mean_of_work_and_sleep() -> None:
    asleep, awake, half = (energy_use(PICO, duty, 30.0) for duty in (0.0, 100.0, 50.0))
    assert asleep and awake and half and PICO.energy
    assert asleep.mean_mw == pytest.approx(PICO.energy.supply_volts * PICO.energy.sleep_ma.value)
    assert awake.mean_mw == pytest.approx(PICO.energy.supply_volts * PICO.energy.active_ma.value)
    assert half.mean_mw == pytest.approx((asleep.mean_mw + awake.mean_mw) / 2)
    assert half.mj_per_hop == pytest.approx(half.mean_mw * 0.030)
    assert any(PICO.energy.sleep_ma.source in text for text in half.assumptions)
    assert energy_use(load_platform("host"), 50.0, 30.0) is None


def test_the_energy_of_a_busier_firmware_is_higher() -> None:
    lazy, busy = judge(PICO, ANY, _cost()), judge(PICO, ANY, replace(_cost(), cycles=Cycles(100_000, 600_000)))
    assert lazy.energy and busy.energy
    assert busy.energy.mj_per_hop > lazy.energy.mj_per_hop


def test_a_framework_takes_its_share() -> None:
    assert framework_names(ESP)[0] == "bare-metal"
    reserve = reserve_of(ESP, "esphome")
    assert reserve is not None
    flash, ram = available(ESP, reserve)
    assert flash == ESP.budget.flash_bytes - reserve.flash_bytes.value
    assert ram == ESP.memory.ram_bytes - ESP.memory.reserved_ram_bytes - reserve.ram_bytes.value
    # Code and constants are not in RAM there.
    cost = _cost(ram=60_000, resident=45_000)
    assert [judge(ESP, ANY, cost, name).lines[1].used for name in ("bare-metal", "esphome")] == [60_000, 15_000]
    with pytest.raises(UsageError, match=r"pico.yaml has no framework_reserve for esphome; it has bare-metal"):
        reserve_of(PICO, "esphome")


@pytest.mark.parametrize("platform", load_platforms(), ids=lambda platform: platform.name)
def test_every_reserve_leaves_something(platform: Platform) -> None:
    for reserve in platform.framework_reserve.values():
        assert all(nbytes > 50_000 for nbytes in available(platform, reserve))


@pytest.mark.parametrize("framework", ["bare-metal", "esphome"])
def test_the_table_adds_up(framework: str) -> None:
    result = judge(ESP, ANY, _cost(ram=60_000, resident=45_000), framework)
    found = {row.name: row for row in rows(ESP, result)}
    single = [row for row in found.values() if not row.total and "beside" not in row.name]
    assert sum(row.flash or 0 for row in single) == found["together"].flash == 40_000
    assert sum(row.ram or 0 for row in single) == found["together"].ram == result.lines[1].used
    assert (found["arena"].ram, found["state"].ram) == (100, 2900)
    assert ("esphome, beside" in found) is (framework == "esphome")


# What would fit


def _never(platform: Platform, model: str) -> Cost:
    return _cost(flash=1 << 30)


def test_a_smaller_model_comes_first() -> None:
    costs = {"tcn48": _cost(flash=39_000), "tcn32": _cost(flash=10_000)}
    limits = BudgetConfig(flash_bytes=30_000)
    result = judge(PICO, limits, _cost())
    assert nearest_change(PICO, result, ["tcn48", "tcn32"], limits, lambda _, m: costs[m]) == (
        "tcn32 would fit: --model tcn32"
    )


def test_the_limit_to_raise_is_named_with_what_it_takes() -> None:
    limits = BudgetConfig(flash_bytes=30_000)
    said = nearest_change(PICO, judge(PICO, limits, _cost()), ["tcn32"], limits, _never)
    assert said == "no smaller model fits; raise the budget in the config: budget.flash_bytes to 40,000"


def test_another_board_another_framework_smaller_kernels() -> None:
    def measure(platform: Platform, model: str) -> Cost:
        if platform.name == "nano33ble":
            return _cost()
        if platform.name == "pico":
            raise ToolError("no compiler")
        return _cost(ram=200_000, resident=190_000) if platform.optimize == "size" else _cost(ram=1 << 20)

    result = judge(ESP, ANY, _cost(ram=1 << 20))
    said = nearest_change(ESP, result, [], ANY, measure)
    assert said.startswith("it is the smallest model; set optimize: size in platforms/esp32s3.yaml, or take a larger")
    assert said.endswith("--platform nano33ble")
    cost = _cost(ram=200_000)
    said = nearest_change(ESP, judge(ESP, ANY, cost, "esphome"), [], ANY, _never)
    assert said == "it is the smallest model; leave esphome out: --framework bare-metal"


def test_nothing_fits_anywhere() -> None:
    said = nearest_change(PICO, judge(PICO, ANY, _never(PICO, "")), ["tcn32"], ANY, _never)
    assert said == "no smaller model fits, here or on any other platform"


# The cache


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cache, "FOLDER", tmp_path)
    return tmp_path


def test_an_entry_comes_back_as_it_was(own_cache: Path) -> None:
    cost = replace(_cost(), estimated=("stack",), linked=False)
    assert cache.load("k") is None
    cache.save("k", cost)
    assert cache.load("k") == cost
    cache.save("k", replace(cost, cycles=None, stack_bytes=None))
    assert cache.load("k") == replace(cost, cycles=None, stack_bytes=None)


@pytest.mark.parametrize(("old", "new"), [("40000", "40001"), ("{", ""), ('"macs"', '"masc"'), ("tcn64", "tcn32")])
def test_a_spoiled_entry_is_none(own_cache: Path, old: str, new: str) -> None:
    cache.save("k", _cost())
    path = own_cache / "k.json"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    assert cache.load("k") is None


def test_an_entry_of_another_key_is_none(own_cache: Path) -> None:
    cache.save("k", _cost())
    (own_cache / "k.json").rename(own_cache / "other.json")
    assert cache.load("other") is None


def test_what_a_key_depends_on() -> None:
    known = {
        cache.key_of(*arguments)
        for arguments in (
            (PICO, (1, 2), "m", "hey", "gcc 1"),
            (PICO, (1, 3), "m", "hey", "gcc 1"),
            (PICO, (1, 2), "n", "hey", "gcc 1"),
            (PICO, (1, 2), "m", "hey you", "gcc 1"),
            (PICO, (1, 2), "m", "hey", "gcc 2"),
            (ESP, (1, 2), "m", "hey", "gcc 1"),
            (PICO.model_copy(update={"optimize": "size"}), (1, 2), "m", "hey", "gcc 1"),
        )
    }
    assert len(known) == 7
    # Limits are applied to what comes out of the cache.
    roomy = PICO.model_copy(update={"budget": PICO.budget.model_copy(update={"flash_bytes": 1 << 20})})
    assert cache.key_of(roomy, (1, 2), "m", "hey", "gcc 1") in known


# The linker's map

MAP = """
Discarded input sections
 .text.gone     0x00000000       0x99 core_ww_app.c.o
Linker script and memory map
.text           0x10000100       0x40
 .text.model    0x10000100       0x10 model_model.c.o
                0x10000100                ww_model_invoke
 .rodata.op7_weights_of_a_long_name
                0x10000110       0x20 model_model_weights.c.o
                                 0x24 (size before relaxing)
 *fill*         0x10000130        0x2
 .text.uart     0x10000132        0x6 board_uart.c.o
.data           0x20000000       0x10
 .rodata.shown  0x20000000        0x4 core_ww_text.c.o
 .rodata.str1.1 0x20000004        0x3 core_ww_text.c.o
 *fill*         0x20000007        0x1
 .data.x        0x20000008        0x8 /usr/lib/libgcc.a(x.o)
.bss            0x20000010      0x100
 .bss.model     0x20000010       0xf0 ww_config.c.o
/DISCARD/
 .comment       0x00000000       0x99 core_ww_app.c.o
"""


def test_every_byte_of_a_map_is_somebodys(tmp_path: Path) -> None:
    (tmp_path / "x.map").write_text(MAP)
    found = {p.name: p for p in parts(tmp_path / "x.map", {".text": 64, ".data": 16}, {".data": 16, ".bss": 256})}
    assert (found[WEIGHTS].flash, found[MODEL_CODE].flash, found[CONSOLE].flash) == (32, 16, 6 + 8)
    assert (found[CONSOLE].ram, found[CONSOLE].resident) == (8, 8)
    assert found[MODEL_MEMORY].ram == 240
    assert found[REST].ram == 8 + 16
    assert sum(p.flash for p in found.values()) == 80
    assert sum(p.ram for p in found.values()) == 272


@pytest.mark.parametrize("platform", ["pico", "esp32s3"])
def test_a_budget_of_80_columns_loses_no_figure(platform: str) -> None:
    board = load_platform(platform)
    out = Terminal(file=io.StringIO(), width=80, highlight=False)
    print_budgets(out, board, [judge(board, ANY, _cost())], None)
    assert isinstance(out.file, io.StringIO)
    table, notes = out.file.getvalue().split("latency:")
    assert f"{board.budget.flash_bytes:,}" in table
    assert notes and "\N{HORIZONTAL ELLIPSIS}" not in table
