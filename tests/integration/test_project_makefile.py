"""A firmware project's own Makefile makes the files that wwtool made, byte for byte, wherever the folder lies.

It has what its first line says it needs: make, a compiler, and a Python without any package.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from wwtool.budget.dry_build import random_model
from wwtool.errors import ToolError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.firmware.toolchains import find_toolchain
from wwtool.models.zoo import ZOO
from wwtool.packages.bare_metal.image import build_image
from wwtool.packages.bare_metal.project import write_project
from wwtool.packages.package_format import Image
from wwtool.platforms.load import load_platform

OWN_BOARD = str(Path(__file__).resolve().parents[2] / "examples" / "new-board" / "feather_stm32f405.yaml")
BOARDS = {
    "pico": {"bin", "uf2"},
    "nano33ble": {"bin", "uf2", "hex"},
    "esp32s3": {"bin"},
    "esp32s3_psram": {"bin"},
    "rpi_zero": set(),
    "host": set(),
    OWN_BOARD: {"bin", "hex"},
}


@pytest.fixture
def tools(tmp_path: Path) -> dict[str, str]:
    """An environment whose python3 has the standard library alone."""
    folder = tmp_path / "tools"
    folder.mkdir()
    python = folder / "python3"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "$@"\n')
    python.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def build(name: str, folder: Path) -> Image:
    platform = load_platform(name)
    try:
        toolchain = find_toolchain(platform)
    except ToolError as error:
        pytest.skip(str(error))
    model = random_model(platform, ZOO["tcn32"], "made")
    project = write_project(folder / "firmware", platform, toolchain, model, "hey $you # me", DetectorConfig())
    return build_image(project, platform, toolchain, folder / "objects", folder / "image", "firmware")


def make(folder: Path, tools: dict[str, str], *goals: str) -> str:
    done = subprocess.run(["make", "-j2", "-C", str(folder), *goals], capture_output=True, text=True, env=tools)
    assert done.returncode == 0, done.stderr
    return done.stdout


def differing(folder: Path, image: Image) -> list[str]:
    files = {kind: path for kind, path in image.files.items() if kind != "map"}
    return [kind for kind, path in files.items() if (folder / f"firmware.{kind}").read_bytes() != path.read_bytes()]


@pytest.mark.parametrize("name", BOARDS, ids=lambda name: Path(name).stem)
def test_the_same_files(name: str, tmp_path: Path, tools: dict[str, str]) -> None:
    image = build(name, tmp_path / "build, 1")
    assert image.files.keys() == {"elf", "map"} | BOARDS[name]
    moved = tmp_path / "it's moved & copied"
    shutil.copytree(tmp_path / "build, 1" / "firmware", moved)
    make(moved, tools)
    assert differing(moved, image) == []
    assert "Nothing to be done" in make(moved, tools, "all")


def test_what_changes_is_made_again(tmp_path: Path, tools: dict[str, str]) -> None:
    image = build("pico", tmp_path)
    folder = tmp_path / "firmware"
    written = {path.relative_to(folder) for path in folder.rglob("*")}
    make(folder, tools)
    config = folder / "ww_config.c"
    before = config.read_text()
    config.write_text(before.replace("hey $you", "hey youu"))
    make(folder, tools)
    assert set(differing(folder, image)) == {"elf", "bin", "uf2"}
    config.write_text(before)
    make(folder, tools)
    assert differing(folder, image) == []
    script = folder / "board" / "link.ld"
    os.utime(script)
    assert "-T board/link.ld" in make(folder, tools)
    make(folder, tools, "clean")
    assert {path.relative_to(folder) for path in folder.rglob("*")} == written
    make(folder, tools)
    assert differing(folder, image) == []


def test_an_image_that_cannot_be_made_is_not_left(tmp_path: Path, tools: dict[str, str]) -> None:
    build("pico", tmp_path)
    folder = tmp_path / "firmware"
    make(folder, tools)
    (folder / "firmware.elf").write_bytes(b"no ELF")
    done = subprocess.run(["make", "-C", str(folder)], capture_output=True, text=True, env=tools)
    assert done.returncode != 0
    assert "make_image.py: cannot make firmware." in done.stderr
    assert not list(folder.glob("*.partial"))
