"""report.html of a build, from a manifest of today and from one of an older version."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from wwtool.data.voices import SYNTHETIC_WARNING
from wwtool.platforms.load import load_platform
from wwtool.reports.build_page import write_report

NEW_FIELDS = ("voices", "speakers", "warning", "per_hour_interval")
POINT = {"threshold": 120, "recall": {"clean": 0.993, "noisy": 0.9}, "false_alarms": 1, "per_hour": 0.67}


def manifest(phrase: str = "hey computer") -> dict[str, Any]:
    """A manifest of a build without recordings, with all that the page reads."""
    parts = [{"name": "weights", "flash": 13000, "ram": 0}, {"name": "console", "flash": 9000, "ram": 6500}]
    sizes = {"flash": 22000, "ram": 6500, "stack_reserved": 8192, "parts": parts}
    limits = [{"name": "flash", "used": 22000, "limit": 1 << 20, "unit": "B", "fits": True}]
    cost = {"sizes": sizes, "limits": limits, "estimated": [], "cycles": {"frontend": 175151, "invoke": 151621}}
    evaluation = {
        "point": POINT, "within_budget": True, "positives": 300, "hours": 1.5, "near_misses": 60,
        "intervals": {"clean": [0.97, 0.999], "noisy": [0.86, 0.93]}, "per_hour_interval": [0.02, 3.71],
        "alarms_by_label": {"sentences": 1}, "hours_by_label": {"sentences": 1.5}, "near_misses_taken": 5,
        "voices": "synthetic", "speakers": 41, "warning": SYNTHETIC_WARNING, "equal_error_rate": 0.01,
        "partial_auc": 0.98,
    }  # fmt: skip
    detector = {
        "average_window": 5, "votes_needed": 1, "votes_window": 1, "on_threshold": 120, "off_threshold": 84,
        "lockout": 67, "warmup": 33,
    }  # fmt: skip
    clips = {"train/positive_synthetic": {"clips": 4000, "hours": 1.0, "voices": "synthetic", "speakers": 371}}
    return {
        "phrase": phrase, "profile": load_platform("pico").recorded(), "model": {"name": "tcn32"}, "choice": None,
        "inputs": {"config": {"evaluate": {"false_alarms_per_hour": 0.5}}, "data": None, "clips": clips},
        "budget": cost, "final": {**cost, "energy": None, "flash_wait_cycles": 370608}, "evaluation": evaluation,
        "detector": detector, "outputs": {"model.tflite": {"bytes": 32168, "sha256": "9" * 64}}, "board": None,
        "flash": "copy it", "tools": {"python": "3.11"},
    }  # fmt: skip


def html(folder: Path, content: dict[str, Any]) -> str:
    record = {"detector": content["detector"], "curve": [POINT]}
    (folder / "evaluation.json").write_text(json.dumps(record))
    write_report(folder / "report.html", content, folder)
    return (folder / "report.html").read_text()


class Tags(HTMLParser):
    """Checks that tags are closed in order and name nothing outside the page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert not {"src", "href"} & {name for name, _ in attributes}
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else(tmp_path: Path) -> None:
    page = html(tmp_path, manifest())
    tags = Tags()
    tags.feed(page)
    assert page.startswith("<!doctype html>") and not tags.open
    assert page.count("<svg") == 2
    assert "0.67" in page and "95 % interval 0.02 to 3.71" in page


def test_the_warning_comes_before_the_figures(tmp_path: Path) -> None:
    page = html(tmp_path, manifest())
    assert page.index("Measured on synthetic voices, not on people") < page.index("99.3%")
    people = manifest()
    people["evaluation"] |= {"voices": "people", "speakers": 9, "warning": None}
    page = html(tmp_path, people)
    assert "Measured on synthetic" not in page
    assert "300 recordings of 9 people" in page


def test_a_manifest_of_an_older_version_is_read(tmp_path: Path) -> None:
    old = manifest()
    old["evaluation"] = {key: value for key, value in old["evaluation"].items() if key not in NEW_FIELDS}
    del old["inputs"]["clips"]
    page = html(tmp_path, old)
    assert "this build does not say who spoke" in page
    assert "The model was judged on 300 utterances and on 1.50 hours" in page


EXPECTED = {
    "per_hour": 0.21, "interval": [0.02, 0.47], "confidence": 0.8, "budget": 0.5, "lowest_promised": None,
    "unseen_shift": 1.0,
    "kinds": {
        "sentences": {
            "share": 0.1, "trained": True, "source": "synthetic", "hours": 1.5, "false_alarms": 1, "per_hour": 0.3,
            "interval": [0.1, 0.9], "cross_fitted": 1.25,
        }
    },
}  # fmt: skip


def test_what_to_expect_of_other_audio_stands_first(tmp_path: Path) -> None:
    kept = manifest()
    kept["evaluation"]["expected"] = EXPECTED
    page = html(tmp_path, kept)
    assert "0.47" in page and "at most, with 80 % chance" in page.replace("80%", "80 %")
    assert "synthetic, trained on" in page and "0.30 (0.10 to 0.90)" in page and "1.25" in page
    assert "The false-alarm budget is not kept" not in page


def test_a_broken_promise_is_said_loudly(tmp_path: Path) -> None:
    broken = manifest()
    broken["evaluation"] |= {"expected": EXPECTED | {"lowest_promised": 3.2}, "within_budget": False}
    page = html(tmp_path, broken)
    assert "The false-alarm budget is not kept" in page
    assert "No threshold keeps the budget of 0.50 false alarms an hour: with the highest, up to 3.20" in page
    assert "over the budget" in page


@pytest.mark.parametrize("phrase", ["<script>alert(1)</script>", '"><img src=x>', "a\x1b[2J\u202eb", "{{ 7 * 7 }}"])
def test_a_hostile_phrase_is_only_text(tmp_path: Path, phrase: str) -> None:
    page = html(tmp_path, manifest(phrase))
    tags = Tags()
    tags.feed(page)
    assert not tags.open
    assert "<script" not in page and "\x1b" not in page and ">49<" not in page
