"""What has and has not been seen on silicon: one table in the profile, shown by terminal, JSON, report and docs."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import reference
import yaml
from cli import run_here
from test_build_page import html, manifest

from wwtool.base.assets import asset_dir
from wwtool.errors import InputError
from wwtool.jobs.bringup import BringupReport
from wwtool.platforms.load import load_platform, load_platforms, parse_platform
from wwtool.platforms.profile import Platform
from wwtool.platforms.silicon import Check, count_seen, sentence

ROOT = Path(__file__).parents[2]
PICO: dict[str, Any] = yaml.safe_load((asset_dir("platforms") / "pico.yaml").read_text())
WITH_TABLE = [platform for platform in load_platforms() if platform.checks]


def parsed(folder: Path, **changes: Any) -> Platform:
    values = {key: value for key, value in (copy.deepcopy(PICO) | changes).items() if value is not None}
    (folder / "mine.yaml").write_text(yaml.safe_dump(values))
    return parse_platform(folder / "mine.yaml")


@pytest.mark.parametrize("platform", WITH_TABLE, ids=lambda platform: platform.name)
def test_a_shipped_table_is_honest(platform: Platform) -> None:
    assert {"boot", "console", "microphone", "model"} <= {check.function for check in platform.checks}
    for check in platform.checks:
        for path in re.findall(r"\btests/[\w/.]+\w", check.by):
            assert (ROOT / path).is_file(), f"{check.name}: {path} is not there"
    if "No image has been on silicon" in (ROOT / "README.md").read_text():
        assert count_seen(platform.checks).startswith("0 of ")
        assert platform.silicon.startswith("Nothing of this image has been seen on silicon")


def test_every_bare_board_has_a_table() -> None:
    assert {platform.name for platform in load_platforms()} - {platform.name for platform in WITH_TABLE} == {"host"}
    assert load_platform("esp32s3_psram").checks == load_platform("esp32s3").checks


def test_the_sentence_says_what_the_table_says() -> None:
    seen = Check(function="boot", state="seen", by="a board of a user, 3 May")
    clock = Check(function="clock", which="80 MHz", state="emulated", by="an emulator")
    assert sentence([]) == ""
    assert sentence([seen, clock]) == "Seen on silicon: boot; 1 of its 2 functions are emulated, 0 not tried."
    assert sentence([clock]).endswith("1 of its 1 functions are emulated, 0 not tried.")
    assert (clock.name, count_seen([seen, clock])) == ("clock (80 MHz)", "1 of 2")


def test_a_profile_of_a_user_s_own(tmp_path: Path) -> None:
    """As before there was a table: with neither key, and with a plain text."""
    assert (parsed(tmp_path, checks=None).checks, parsed(tmp_path, checks=None).silicon) == ((), "")
    assert parsed(tmp_path, checks=None, silicon="Nothing yet.").silicon == "Nothing yet."
    assert parsed(tmp_path, silicon="It blinks.").silicon == "It blinks.", "the user's words win"
    borrowed = parsed(tmp_path, name="mine", board="pico", checks=None)
    assert borrowed.checks == load_platform("pico").checks, "they are of the board's code"
    one = {"function": "usb", "state": "seen", "by": "my own board, in May"}
    assert parsed(tmp_path, checks=[one]).silicon.startswith("Seen on silicon: usb")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"function": "coffee"}, "checks.0.function"),
        ({"state": "works"}, "checks.0.state"),
        ({"by": ""}, "checks.0.by"),
        ({"colour": "red"}, "checks.0.colour"),
    ],
)
def test_a_wrong_table_is_refused(change: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        parsed(tmp_path, checks=[{"function": "usb", "state": "seen", "by": "my own board", **change}])


def test_a_function_stands_there_once(tmp_path: Path) -> None:
    one = {"function": "microphone", "which": "I2S", "state": "emulated", "by": "an emulator"}
    with pytest.raises(InputError, match=r"microphone \(i2s\) stands there twice"):
        parsed(tmp_path, checks=[one, one])


def test_the_terminal_and_json_show_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert re.search(r"pico .* 0 of 11", run_here(capsys, "platforms").out)
    shown = run_here(capsys, "platforms", "pico").out
    assert "0 of 11 functions have been seen" in shown
    for check in load_platform("pico").checks:
        assert re.search(rf"^{re.escape(check.name)} +{check.state} +\w", shown, re.MULTILINE)
    document = json.loads(run_here(capsys, "platforms", "pico", "--json").out)
    assert document["checks"] == [check.model_dump() for check in load_platform("pico").checks]
    assert isinstance(document["silicon"], str)


def test_docs_and_report_show_it(tmp_path: Path) -> None:
    docs = reference.platforms_page()
    report = html(tmp_path, manifest())
    for check in load_platform("pico").checks:
        assert f"| {check.name} | {check.state} |" in docs
        assert f'<td class="name">{check.name}</td><td class="name">{check.state}</td>' in report


def test_a_first_contact_s_report_holds_it() -> None:
    checks = load_platform("pico").checks
    report = BringupReport("1", "pico", "", "COM5", True, None, {}, [], checks)
    assert json.loads(report.json())["checks"] == [check.model_dump() for check in checks]
