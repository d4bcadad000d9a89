"""Suite results as JSON (``HilReport``) and as JUnit XML. Pure: text in, text out; the caller writes the file."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from wwtool.base.records import json_of
from wwtool.device.session import DeviceInfo
from wwtool.device.suites import Case, SuiteResult

SCHEMA = "wwtool.hil"
SCHEMA_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Device(DeviceInfo):
    """What a board says of itself, and the port at which it does."""

    url: str


@dataclass(frozen=True)
class SuiteRecord:
    """A ``SuiteResult``. A case that is not ``checked`` has not passed; ``message`` says why it was not checked."""

    suite: str
    passed: bool
    metrics: dict[str, float]
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class HilReport:
    """``hil --json``."""

    passed: bool
    device: Device
    suites: list[SuiteRecord]


def _printable(text: str) -> str:
    """The text without characters that XML 1.0 cannot hold: a device may send anything."""
    return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)


def to_json(results: Sequence[SuiteResult], device: Mapping[str, Any]) -> str:
    """Returns the report as a JSON document."""
    output = HilReport(
        passed=all(result.passed for result in results),
        device=cast(Device, dict(device)),
        suites=[SuiteRecord(result.suite, result.passed, dict(result.metrics), result.cases) for result in results],
    )
    document = {"schema": SCHEMA, "version": SCHEMA_VERSION, **json_of(output)}
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def to_junit(results: Sequence[SuiteResult], device: Mapping[str, Any]) -> str:
    """Returns the report as JUnit XML, one testsuite a suite; metrics and device become properties."""
    root = ET.Element("testsuites", name="wwtool hil")
    for result in results:
        failures = sum(case.checked and not case.passed for case in result.cases)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=result.suite,
            tests=str(len(result.cases)),
            failures=str(failures),
            skipped=str(sum(not case.checked for case in result.cases)),
            time=f"{sum(case.seconds for case in result.cases):.3f}",
        )
        properties = ET.SubElement(suite, "properties")
        for key, value in {**{f"device.{k}": v for k, v in device.items()}, **result.metrics}.items():
            ET.SubElement(properties, "property", name=key, value=_printable(str(value)))
        for case in result.cases:
            element = ET.SubElement(
                suite, "testcase", classname=f"hil.{result.suite}", name=case.name, time=f"{case.seconds:.3f}"
            )
            if not case.checked:
                ET.SubElement(element, "skipped", message=_printable(case.message))
            elif not case.passed:
                ET.SubElement(element, "failure", message=_printable(case.message))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
