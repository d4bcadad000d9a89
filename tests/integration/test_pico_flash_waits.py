"""The Pico's cache for flash: what a hop waits, against a definition of the cache, and on real firmware."""

from __future__ import annotations

import json
import subprocess
from collections import OrderedDict
from pathlib import Path

import pytest
from cli import emulation_missing
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.budget.dry_build import BoardRun, dry_build, random_model, run_image
from wwtool.budget.result import flash_wait_cycles, longest_waits
from wwtool.config import BudgetConfig
from wwtool.emulators.pico import NODE
from wwtool.evaluation.detector import DetectorConfig
from wwtool.firmware.toolchains import find_toolchain
from wwtool.models.zoo import ZOO
from wwtool.packages.bare_metal.image import build_image
from wwtool.packages.bare_metal.project import write_project
from wwtool.platforms.load import load_platform

PICO = load_platform("pico")
pytestmark = pytest.mark.skipif(bool(emulation_missing()), reason=emulation_missing() or "all is there")
RUNNER = Path(__file__).parents[2] / "wwtool" / "emulators" / "rp2040_flash_cache.mjs"
SETS, WAYS = 1024, 2
PROGRAM = """
const { FlashCache } = await import(process.argv[1]);
const mcu = { readUint32: () => 0, readUint16: () => 0, readUint8: () => 0 };
const cache = new FlashCache(mcu, 7);
const waits = JSON.parse(process.argv[2]).map(([size, address]) => {
  mcu['readUint' + size](address);
  return cache.takeWaits();
});
console.log(JSON.stringify(waits));
"""


def expected_waits(reads: list[tuple[int, int]]) -> list[int]:
    """A set is a dictionary of at most two lines, the one read last at its end, and of the words that each holds."""
    sets: list[OrderedDict[int, set[int]]] = [OrderedDict() for _ in range(SETS)]
    waits = []
    for _, address in reads:
        if address >> 24 != 0x10:
            waits.append(0)
            continue
        line, word = (address & 0xFFFFFF) // 8, address // 4
        ways = sets[line % SETS]
        if line not in ways:
            if len(ways) == WAYS:
                ways.popitem(last=False)
            ways[line] = set()
        ways.move_to_end(line)
        waits.append(0 if word in ways[line] else 7)
        ways[line].add(word)
    return waits


# Few sets and many lines of each, so that lines give way to others.
ADDRESSES = st.builds(
    lambda line, place, byte, base: base + (line * SETS + place) * 8 + byte,
    st.integers(0, 5), st.sampled_from([0, 1, 1023]), st.integers(0, 7),
    st.sampled_from([0x10000000, 0x10000000, 0x10000000, 0x11000000, 0x20000000]),
)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from([8, 16, 32]), ADDRESSES), min_size=1, max_size=200))
@settings(max_examples=25, deadline=None)
def test_the_cache_is_what_the_datasheet_says(reads: list[tuple[int, int]]) -> None:
    command = [NODE.find(), "--input-type=module", "-e", PROGRAM, RUNNER.as_uri(), json.dumps(reads)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == expected_waits(reads)


def run(ram_bytes: int, folder: Path) -> tuple[BoardRun, int]:
    """The Pico with a model of the zoo and so much RAM, and the cycles of reading the model's constants once."""
    platform = PICO.model_copy(update={"budget": PICO.budget.model_copy(update={"ram_bytes": ram_bytes})})
    model = random_model(platform, ZOO["tcn32"], "m")
    toolchain = find_toolchain(platform)
    project = write_project(folder / "firmware", platform, toolchain, model, "hey", DetectorConfig())
    image = build_image(project, platform, toolchain, folder / "objects", folder / "image", "firmware")
    result = run_image(platform, image.files, model)
    assert result is not None
    return result, flash_wait_cycles(platform, image.sizes)


def test_a_hop_in_flash_waits_about_as_long_as_its_constants_take(tmp_path: Path) -> None:
    result, once = run(40_000, tmp_path)
    waits = result.flash_waits
    assert waits is not None
    # A streaming model reads each constant once an inference; its code waits as well, and the cache keeps a part.
    assert 0.3 * once < waits.invoke < 1.5 * once
    assert 0 <= waits.frontend < result.cycles.frontend


def test_weights_read_at_many_positions_wait_for_less_than_the_bound() -> None:
    """They are read again where the cache has lost them, so reading each once is no bound."""
    cost = dry_build(PICO, "mobilenetv3w8", "hey", BudgetConfig())
    assert cost.flash_waits is not None
    once = flash_wait_cycles(PICO, cost.sizes)
    assert once < cost.flash_waits.invoke < longest_waits(PICO, cost).invoke < 2 * once


def test_a_hop_in_ram_does_not_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result, once = run(PICO.budget.ram_bytes, tmp_path)
    assert (result.flash_waits, once) == (None, 0)
    # The firmware itself is asked, too: with a slow flash an inference and a frame take as long as with a fast one.
    monkeypatch.setattr("wwtool.budget.dry_build.hop_in_ram", lambda *_: False)
    again, _ = run(PICO.budget.ram_bytes, tmp_path / "again")
    assert again.flash_waits is not None
    assert again.flash_waits.invoke < 100 and again.flash_waits.frontend < 100
