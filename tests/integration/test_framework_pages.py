"""Each page of docs/frameworks leads from nothing to a detection: all of its commands run, with stand-ins for the SDKs.

The one command that trains a model, `wwtool build`, is replaced by a model that detects; what it renders is the same.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from framework_projects import NOISE, STAND_INS, content_of, need, render, run

from wwtool.base.text import safe_identifier
from wwtool.cli.build import build

PAGES = Path(__file__).resolve().parents[2] / "docs" / "frameworks"
NAMES = sorted(path.stem for path in PAGES.glob("*.md") if path.stem != "index")
QUICK = ("makefile", "zephyr")  # the others' builds are those of test_frameworks.py


def first_commands(page: Path) -> list[str]:
    """The lines of the page's first block."""
    block = re.search(r"^```\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert block is not None
    return block[1].splitlines()


def build_folder(line: str, home: Path) -> None:
    """Does what a line with `wwtool build` does to the folder ``firmware`` of its build."""
    values, _, _ = build.make_parser(click.Context(build)).parse_args(shlex.split(line)[2:])
    content = content_of(values["platform"], values["phrase"], preset=values.get("board"))
    folder = home / "wwtool-build" / f"{values['platform']}-{safe_identifier(values['phrase'])}" / "firmware"
    render(values["framework"], content, folder)


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in NAMES])
def test_every_command_of_a_page_runs_and_the_last_hears_the_phrase(name: str, tmp_path: Path) -> None:
    need("bash", "cmake", "make", "gcc", "g++")
    (tmp_path / "noise.raw").write_bytes(NOISE)
    environment: dict[str, str | Path] = {
        "PATH": f"{STAND_INS / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "STAND_IN_AUDIO": tmp_path / "noise.raw",
        "IDF_PATH": STAND_INS / "esp_idf",
        "PICO_SDK_PATH": STAND_INS / "pico_sdk",
        "ZEPHYR_BASE": STAND_INS / "zephyr",
    }
    said = ""
    for line in first_commands(PAGES / f"{name}.md"):
        if line.startswith("wwtool build"):
            build_folder(line, tmp_path)
        else:
            said += run("bash", "-c", line, folder=tmp_path, environment=environment)
    if name == "pico-sdk":  # its page goes on by hand: the board's drive
        assert (tmp_path / "build" / "hey_computer.uf2").is_file()
        said += run(tmp_path / "build" / "hey_computer.elf", folder=tmp_path, stdin=NOISE)
    assert (
        len(re.findall(r'^(?:[\d.]+ s: |(?:\w+: )?heard "?|\[D\]\[main\]: Heard: )hey computer"?$', said, re.MULTILINE))
        == 1
    ), said
