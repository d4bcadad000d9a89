"""Text of the user's in what wwtool writes: C, a Makefile, pages. It is shown there and does nothing."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wwtool.base.text import safe_identifier
from wwtool.budget.dry_build import random_model
from wwtool.compiler.emit.c_text import comment_text
from wwtool.compiler.package import CompiledModel, write_package
from wwtool.evaluation.detector import DetectorConfig
from wwtool.firmware.toolchains import find_toolchain
from wwtool.models.zoo import ZOO
from wwtool.packages.bare_metal.project import write_project
from wwtool.platforms.load import load_platform
from wwtool.reports.pages import page_environment

PHRASES = [
    "/*", "*/", "*/ int main(void) {", "a /* b */ c", "**//**/", "//", "hey\\", "\\", "??/", "hey ??/", '"',
    '"); system("x', "%s%n", "$(shell touch made)", "`touch made`", "$$", "#", "#include <x>", "'; touch made; '",
    "{{ 7 * 7 }}", "{% raw %}", "<b>&amp;</b>", "größe", "你好", "-o made", ": made", "all: made", "\u202eabc",
    "e\u0301\u0301",
    "\ufdfa" * 60,
]  # fmt: skip


@pytest.fixture(scope="module")
def model() -> CompiledModel:
    return random_model(load_platform("host"), ZOO["tcn32"], "tcn32")


@pytest.fixture(scope="module")
def other(model: CompiledModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of a phrase without fault."""
    platform, folder = load_platform("host"), tmp_path_factory.mktemp("project")
    write_project(folder, platform, find_toolchain(platform), model, "x", DetectorConfig())
    return folder


@pytest.mark.parametrize("phrase", PHRASES)
def test_a_phrase_in_a_firmware_project(model: CompiledModel, other: Path, tmp_path: Path, phrase: str) -> None:
    platform = load_platform("host")
    toolchain = find_toolchain(platform)
    write_project(tmp_path, platform, toolchain, model, phrase, DetectorConfig())
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wcomment", "-Wtrigraphs", "-Werror", "-fsyntax-only"]
    command = [toolchain.compiler, *flags, "-Icore", "-Imodel", "-Iboard", "ww_config.c"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # Like the project of another phrase, but for the two files that name it, and in these but for a few lines.
    for path in sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file()):
        ours, theirs = ((folder / path).read_text().splitlines() for folder in (tmp_path, other))
        assert len(ours) == len(theirs), path
        differing = [line for line, before in zip(ours, theirs, strict=True) if line != before]
        assert len(differing) <= {"ww_config.c": 3, "Makefile": 1}.get(str(path), 0), differing
        if path.name == "Makefile":
            assert all(line.startswith("# ") and not line.endswith("\\") for line in differing)


@pytest.mark.skipif(not shutil.which("cmake"), reason="CMake is not installed")
def test_a_title_in_a_package(model: CompiledModel, tmp_path: Path) -> None:
    for number, title in enumerate(("*/ #error", "]] message(FATAL_ERROR x)", "x\ncategory=Other", "hey\\")):
        folder = tmp_path / str(number)
        write_package(replace(model, name=title), folder)
        properties = dict(line.split("=", 1) for line in (folder / "library.properties").read_text().splitlines())
        assert properties["category"] == "Data Processing"
        done = subprocess.run(
            ["cmake", "-P", "CMakeLists.txt"], cwd=folder, capture_output=True, text=True, check=False
        )
        assert "FATAL_ERROR" not in done.stderr
        assert "message" not in done.stderr


@given(st.text(st.sampled_from("*/\\?a \n\r\t\u2028#\"'$")) | st.text())
def test_a_comment_neither_ends_nor_goes_on(text: str) -> None:
    shown = comment_text(text)
    assert "*/" not in shown and "/*" not in shown
    assert not shown.endswith(("\\", "??/"))
    assert shown.splitlines() in ([], [shown])
    assert shown.isprintable()


@given(st.text(max_size=80))
def test_a_name_is_short_and_its_own(text: str) -> None:
    name = safe_identifier(text)
    assert name.isascii() and name.isidentifier() and len(name) <= 66


def test_long_names_stay_apart() -> None:
    assert safe_identifier("a" * 100 + "b") != safe_identifier("a" * 100 + "c")


def test_a_page_escapes_what_it_prints() -> None:
    page = page_environment().from_string("<p>{{ text }}</p>").render(text="<script>\x1b[2J\u202e&\n")
    assert page == r"<p>&lt;script&gt;\x1b[2J\u202e&amp;\n</p>"
