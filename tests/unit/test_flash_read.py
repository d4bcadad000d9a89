"""The profile's choice of how a Pico reads its flash reaches the sources of its boot loader."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from wwtool.packages.bare_metal.project import _write_flash_read
from wwtool.platforms.load import load_platform


@pytest.mark.parametrize(("choice", "dual"), [("dual", 1), ("plain", 0)])
def test_the_choice_is_written(tmp_path: Path, choice: str, dual: int) -> None:
    platform = load_platform("pico")
    chosen = platform.model_copy(update={"chip": platform.chip.model_copy(update={"flash_read": choice})})
    file = tmp_path / "flash_read.h"
    shutil.copyfile(platform.board_folder / "flash_read.h", file)
    _write_flash_read(file, chosen)
    assert f"#define FLASH_READ_DUAL {dual}\n" in file.read_text()
    _write_flash_read(tmp_path / "none", chosen)
    assert not (tmp_path / "none").exists()
