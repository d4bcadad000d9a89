"""The report page: what it prints of limits and curves."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

import wwtool
from wwtool.base.assets import asset_dir
from wwtool.reports.build_page import _limit, _space_note, data_note, space
from wwtool.reports.charts import Bar, recall_chart, space_chart
from wwtool.reports.model_choice import choice_section
from wwtool.reports.pages import page_environment
from wwtool.reports.svg import Scale, drawing, style_sheet

SVG = "{http://www.w3.org/2000/svg}"

FLASH = {"name": "flash", "used": 48130, "limit": 1048576, "unit": "B", "fits": True}
LATENCY = {"name": "latency", "used": 9.125, "limit": 15.0, "unit": "ms", "fits": True}
MEASURED: dict[str, Any] = {"estimated": []}


def test_a_limit_stands_beside_the_dry_build_of_the_same_name() -> None:
    dry = {"limits": [{**LATENCY, "used": 8.0}, {**FLASH, "used": 48000}], "estimated": ["cycles"]}
    assert _limit(FLASH, dry, MEASURED)["dry"] == "48,000 B"
    shown = _limit(LATENCY, dry, MEASURED)
    assert (shown["dry"], shown["used"]) == ("~8.00 ms", "9.12 ms")


def test_latency_that_the_dry_build_could_not_measure_is_said() -> None:
    shown = _limit(LATENCY, {"limits": [FLASH], "estimated": []}, MEASURED)
    assert (shown["dry"], shown["used"]) == ("not measured", "9.12 ms")


def _sizes(weights: int) -> dict[str, Any]:
    parts = [{"name": "weights", "flash": weights, "ram": 0}, {"name": "console", "flash": 900, "ram": 300}]
    return {"flash": weights + 900, "ram": 300, "stack_reserved": 8192, "parts": parts}


def test_what_takes_the_space_stands_beside_the_dry_build() -> None:
    rows = space(_sizes(20000), _sizes(20008))
    assert [row["name"] for row in rows] == ["weights", "console", "all"]
    assert rows[0]["cells"] == ["20,000", "20,008", "0", "0"]
    assert rows[-1]["cells"] == ["20,900", "20,908", "300", "300"]
    dry = {"sizes": _sizes(20000), "estimated": []}
    assert "equals it to the byte" in _space_note(dry, {"sizes": _sizes(20000)})
    assert "+8 B flash, +0 B RAM" in _space_note(dry, {"sizes": _sizes(20008)})


def test_the_curve_is_well_formed_and_stays_inside_its_frame() -> None:
    points = [
        {"threshold": t, "recall": {"clean": 1 - t / 300, "noisy": 1 - t / 260}, "per_hour": 200 / t, "false_alarms": 9}
        for t in range(1, 256)
    ]
    root = ET.fromstring(recall_chart(points, points[100]))
    width, height = (float(v) for v in root.attrib["viewBox"].split()[2:])
    dots = [e for e in root.iter() if e.tag.endswith("circle")]
    assert len(dots) == 2
    assert all(0 <= float(d.attrib["cx"]) <= width and 0 <= float(d.attrib["cy"]) <= height for d in dots)


def _chosen(**more: Any) -> dict[str, Any]:
    candidates = [
        {"model": name, "score": score, "fits": fits, "chosen": name == "b", "reason": f"reason of {name}"}
        for name, score, fits in (("a", 0.9, True), ("b", 0.95, True), ("c", None, False))
    ]
    choice = {"model": "b", "margin": 0.1, "finalists": ["b"], "candidates": candidates, "table": "T", "rungs": []}
    return {"model": {"name": "b"}, "choice": {**choice, **more}}


def test_every_candidate_is_shown_with_its_reason() -> None:
    section = choice_section(_chosen())
    assert [(row["name"], row["score"], row["fits"], row["chosen"]) for row in section["rows"]] == [
        ("a", "0.900", "yes", False), ("b", "0.950", "yes", True), ("c", "not measured", "no", False),
    ]  # fmt: skip
    assert [row["reason"] for row in section["rows"]] == ["reason of a", "reason of b", "reason of c"]
    assert "10% to spare" in section["note"]


def test_a_search_has_the_last_word() -> None:
    scores = {"a": {"recall": 0.9, "partial_auc": 0.8}, "b": {"recall": 0.5, "partial_auc": 0.7}}
    rungs = [{"steps": 1250, "scores": scores, "kept": ["a"]}]
    section = choice_section({**_chosen(rungs=rungs, finalists=["b", "a"]), "model": {"name": "a"}})
    assert [row["chosen"] for row in section["rows"]] == [True, False, False]
    assert [row["reason"] for row in section["rows"]] == [
        "won the search",
        "dropped after 1,250 steps: recall 50.0%, partial AUC 0.700; "
        "the best had recall 90.0%, partial AUC 0.800",
        "reason of c",
    ]  # fmt: skip


def test_a_model_that_the_user_named() -> None:
    section = choice_section({"model": {"name": "b"}, "choice": None})
    assert (section["rows"], section["note"]) == ([], "The model b was named with --model or in the config.")


def test_the_space_chart_draws_every_part_to_scale() -> None:
    bars = [Bar("flash", (("weights", 3000), ("console", 1000))), Bar("RAM", (("weights", 0), ("console", 2000)))]
    root = ET.fromstring(space_chart(bars))
    drawn = {r.findtext(f"{SVG}title"): float(r.attrib["width"]) for r in root.iter(f"{SVG}rect") if len(r)}
    assert set(drawn) == {"flash, weights: 3,000 B", "flash, console: 1,000 B", "RAM, console: 2,000 B"}
    assert drawn["flash, weights: 3,000 B"] == pytest.approx(1.5 * drawn["RAM, console: 2,000 B"], abs=0.1)
    assert all(0.0 <= float(r.attrib["x"]) + float(r.attrib["width"]) <= 520 for r in root.iter(f"{SVG}rect"))


def test_the_curve_shows_the_interval_and_the_budget() -> None:
    points = [{"threshold": t, "recall": {"clean": 0.5}, "per_hour": 1.0, "false_alarms": 1} for t in (1, 2)]
    plain = recall_chart(points, points[0])
    full = recall_chart(points, points[0], {"clean": (0.4, 0.6)}, 0.5)
    assert ">budget<" in full and ">budget<" not in plain
    (interval,) = [e for e in ET.fromstring(full).iter(f"{SVG}line") if "interval" in e.attrib["class"]]
    assert float(interval.attrib["y1"]) - float(interval.attrib["y2"]) == pytest.approx(206 * 0.2, abs=0.2)


@pytest.mark.parametrize("value", [0.01, 0.1, 3.0, 100.0, 1e6])
def test_a_scale_stays_between_its_ends(value: float) -> None:
    assert 50.0 <= Scale(0.1, 100.0, 50.0, 500.0, logarithmic=True)(value) <= 500.0
    assert 50.0 <= Scale(0.1, 100.0, 500.0, 50.0)(value) <= 500.0


def test_what_the_data_was_in_a_sentence() -> None:
    evaluation = {"voices": "people", "speakers": 9, "positives": 79, "hours": 1.5}
    clips = {
        "train/positive": {"clips": 229, "hours": 0.1, "voices": "people", "speakers": None},
        "train/positive_cut": {"clips": 229, "hours": 0.1},
        "train/positive_synthetic": {"clips": 4000, "hours": 1.0, "voices": "synthetic", "speakers": 371},
        "train/sentences": {"clips": 5000, "hours": 3.0, "voices": "synthetic", "speakers": 371},
        "train/noise": {"clips": 9, "hours": 0.25, "voices": "people", "speakers": None},
        "dev/sentences": {"clips": 500, "hours": 1.0, "voices": "synthetic", "speakers": 9},
    }
    assert data_note(evaluation, clips) == (
        "The model was trained on 229 recordings of people and 4,000 utterances of 371 synthetic voices and on 3.25 "
        "hours of sound without the phrase. It was judged on 79 recordings of 9 people and on 1.50 hours of sound "
        "without the phrase."
    )
    old = {"positives": 79, "hours": 1.5}
    judged = "The model was judged on 79 recordings of 9 people and on 1.50 hours of sound without the phrase."
    assert data_note(evaluation, {"train/positive": {"clips": 229, "hours": 0.1}}) == judged
    assert data_note(old, None) == (
        "The model was judged on 79 utterances and on 1.50 hours of sound without the phrase."
    )


def test_pages_and_drawings_have_one_style_sheet(tmp_path: Path) -> None:
    values = dict.fromkeys(["title", "heading", "subtitle", "lead", "warning", "tools"], "")
    (tmp_path / "one.html").write_text(
        page_environment().get_template("base.html.j2").render(values, version="", tiles=[])
    )
    assert style_sheet() in (tmp_path / "one.html").read_text()
    assert style_sheet() in drawing(9, 9, "", [], alone=True)
    assert "<style>" not in drawing(9, 9, "", [])
    templates = asset_dir("firmware_templates")
    assert {path.parent.name for path in templates.rglob("*.html.j2")} == {"report"}
    assert [path.name for path in templates.rglob("*.html.j2") if "<style>" in path.read_text()] == ["base.html.j2"]
    package = Path(wwtool.__file__).parent
    written = re.compile(r"</?(div|table|td|svg|style|rect)\b")
    rooms = {path.relative_to(package).parts[0] for path in package.rglob("*.py") if written.search(path.read_text())}
    assert rooms == {"reports"}
