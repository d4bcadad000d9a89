"""The profile's choice of how a Pico reads its flash reaches the sources of its boot loader, and its budget."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from wwtool.base.assets import asset_dir
from wwtool.errors import InputError
from wwtool.packages.bare_metal.project import _write_flash_read
from wwtool.platforms.flash_reads import FLASH_READS
from wwtool.platforms.load import load_platform, parse_platform
from wwtool.platforms.profile import Platform

PICO: dict[str, Any] = yaml.safe_load((asset_dir("platforms") / "pico.yaml").read_text())


def profile(folder: Path, **chip: object) -> Platform:
    """The Pico's profile with other keys of its chip; None leaves a key out."""
    keys = {key: value for key, value in {**PICO["chip"], **chip}.items() if value is not None}
    file = folder / "pico.yaml"
    file.write_text(yaml.safe_dump({**PICO, "chip": keys}))
    return parse_platform(file)


@pytest.mark.parametrize("choice", FLASH_READS)
def test_the_choice_is_written(tmp_path: Path, choice: str) -> None:
    platform = profile(tmp_path, flash_read=choice)
    file = tmp_path / "flash_read.h"
    shutil.copyfile(platform.board_folder / "flash_read.h", file)
    _write_flash_read(file, platform)
    text = file.read_text()
    assert text.endswith(f"#define FLASH_READ FLASH_READ_{choice.upper()}\n")
    assert f"#define FLASH_READ_{choice.upper()} " in text
    _write_flash_read(tmp_path / "none", platform)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(("choice", "cycles"), [("quad", 40), ("dual", 112), ("plain", 256)])
def test_a_word_takes_what_its_read_takes(tmp_path: Path, choice: str, cycles: int) -> None:
    assert profile(tmp_path, flash_read=choice).chip.flash_word_cycles == cycles
    assert profile(tmp_path, flash_read=choice, flash_word_cycles=cycles) == profile(tmp_path, flash_read=choice)
    with pytest.raises(InputError, match=f"flash_read {choice} takes {cycles} cycles a word; leave the key out"):
        profile(tmp_path, flash_read=choice, flash_word_cycles=cycles - 1)


def test_the_shipped_profile_reads_on_two_lines() -> None:
    assert load_platform("pico").chip.flash_read == "dual"
    assert load_platform("pico").chip.flash_word_cycles == 112


def test_a_boot_loader_of_ones_own_has_its_own_figure(tmp_path: Path) -> None:
    platform = profile(tmp_path, flash_read=None, flash_word_cycles=99)
    assert (platform.chip.flash_read, platform.chip.flash_word_cycles) == (None, 99)
    file = tmp_path / "flash_read.h"
    file.write_text("as it was")
    _write_flash_read(file, platform)
    assert file.read_text() == "as it was"


def test_other_chips_are_loaded_as_they_were_recorded() -> None:
    """Records of earlier versions name a read for every chip."""
    esp = load_platform("esp32s3")
    record = esp.recorded()
    assert isinstance(record["chip"], dict)
    record["chip"]["flash_read"] = "dual"
    assert Platform.model_validate(record).chip.flash_word_cycles == esp.chip.flash_word_cycles


@pytest.mark.parametrize("wrong", ["octal", 4, ["quad"], {"quad": 1}])
def test_an_unknown_read(tmp_path: Path, wrong: object) -> None:
    with pytest.raises(InputError, match=r"flash_read"):
        profile(tmp_path, flash_read=wrong)
