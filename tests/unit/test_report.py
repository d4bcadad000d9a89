"""The report page: what it prints of limits and curves."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from wwtool.reports.build_report import _limit, _space_note, curve_svg, space
from wwtool.reports.choice_report import choice_section

FLASH = {"name": "flash", "used": 48130, "limit": 1048576, "unit": "B", "fits": True}
LATENCY = {"name": "latency", "used": 9.125, "limit": 15.0, "unit": "ms", "fits": True}
MEASURED = {"estimated": []}


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
    assert [row["name"] for row in rows] == ["weights", "console", "together"]
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
    root = ET.fromstring(curve_svg(points, points[100]))
    width, height = (float(v) for v in root.attrib["viewBox"].split()[2:])
    dots = [e for e in root.iter() if e.tag == "circle"]
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
    assert [(row["name"], row["score"], row["fits"], row["taken"]) for row in section["rows"]] == [
        ("a", "0.900", "yes", False), ("b", "0.950", "yes", True), ("c", "not measured", "no", False),
    ]  # fmt: skip
    assert [row["reason"] for row in section["rows"]] == ["reason of a", "reason of b", "reason of c"]
    assert "10% to spare" in section["note"]


def test_a_search_has_the_last_word() -> None:
    scores = {"a": {"recall": 0.9, "partial_auc": 0.8}, "b": {"recall": 0.5, "partial_auc": 0.7}}
    rungs = [{"steps": 1250, "scores": scores, "kept": ["a"]}]
    section = choice_section({**_chosen(rungs=rungs, finalists=["b", "a"]), "model": {"name": "a"}})
    assert [row["taken"] for row in section["rows"]] == [True, False, False]
    assert [row["reason"] for row in section["rows"]] == [
        "won the search",
        "left the search after 1,250 steps: recall 50.0%, partial AUC 0.700, "
        "the best recall 90.0%, partial AUC 0.800",
        "reason of c",
    ]  # fmt: skip


def test_a_model_that_was_given() -> None:
    section = choice_section({"model": {"name": "b"}, "choice": None})
    assert (section["rows"], section["note"]) == ([], "The model was given: b.")
