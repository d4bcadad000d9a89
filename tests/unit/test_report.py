"""The report page: what it prints of limits and curves."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from wwtool.pipeline.report import _limit, curve_svg

FLASH = {"name": "flash", "used": 48130, "limit": 1048576, "unit": "B", "fits": True}
LATENCY = {"name": "latency", "used": 9.125, "limit": 15.0, "unit": "ms", "fits": True}


def test_a_limit_stands_beside_the_dry_build_of_the_same_name() -> None:
    dry = [{**LATENCY, "used": 8.0}, {**FLASH, "used": 48000}]
    assert _limit(FLASH, dry)["dry"] == "48,000 B"
    assert _limit(LATENCY, dry)["dry"] == "8.00 ms"


def test_latency_that_the_dry_build_could_not_measure_is_said() -> None:
    shown = _limit(LATENCY, [FLASH])
    assert (shown["dry"], shown["used"]) == ("not measured", "9.12 ms")


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
