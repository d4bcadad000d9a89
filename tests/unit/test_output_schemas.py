"""The JSON schemas of the outputs: real outputs match them, and a key without its schema does not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from cli import run_here
from graphs import Net
from output_schemas import OUTPUTS, check_output, output_schema
from pydantic import ValidationError
from test_data_files import babble
from test_jobs import dry_builds, model, recordings
from test_old_builds import OLD

from wwtool.data.audio import write_audio
from wwtool.device.flash import Flashed
from wwtool.device.report import to_json
from wwtool.device.session import DeviceInfo
from wwtool.device.suites import Case, SuiteResult
from wwtool.jobs.hil import HilResult
from wwtool.models.quantized import Scale

__all__ = ["model", "recordings"]  # fixtures

ROOT = Path(__file__).parents[2]
DEVICE = DeviceInfo("0.1.0", "Pico", "tcn32", "hey you", "00", 1, 1, 1, 1, 3, 480, 16000)


@pytest.mark.parametrize(
    "words",
    [
        "platforms", "platforms esp32s3", "doctor", "doctor --platform pico", "compile MODEL --no-measure -o OUT",
        "compile MODEL --target cortex-m4 -o OUT", "diff MODEL", "data scan VOICES", "data split VOICES --out OUT",
        "voices list", "data list",
    ],
)  # fmt: skip
def test_the_output_of_a_command(words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = Net((1, 4), Scale(0.1, 0))
    y = net.dense(net.input, np.ones((2, 4), np.int8), np.zeros(2, np.int32), 0.1, Scale(0.1, 0))
    (tmp_path / "MODEL").write_bytes(net.pack(y))
    for number in range(24 if "VOICES" in words else 0):
        write_audio(tmp_path / "VOICES" / ("positive", "negative")[number % 2] / f"s{number}" / "a.wav", babble(number))
    if "VOICES" in words:
        (tmp_path / "VOICES/positive/broken.wav").write_bytes(b"no sound")
    arguments = [tmp_path / word if word.isupper() else word for word in words.split()]
    check_output(json.loads(run_here(capsys, *arguments, "--json").out))
    if "split" in words:
        check_output(json.loads((tmp_path / "OUT").read_text()))


@pytest.mark.parametrize("words", ["--data RECORDINGS", "--wav RECORDINGS/0.wav"])
def test_an_evaluation(words: str, model: Path, recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = words.replace("RECORDINGS", str(recordings))
    output = run_here(capsys, "evaluate", model, "--threshold", "1", *words.split(), "--json").out
    check_output(json.loads(output))


@pytest.mark.parametrize(("platform", "framework"), [("host", "bare-metal"), ("pico", "pico-sdk")])
def test_a_budget(
    platform: str, framework: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dry_builds(monkeypatch, lambda name: True)
    words = ("budget", "--platform", platform, "--model", "tcn32", "--framework", framework, "--json")
    check_output(json.loads(run_here(capsys, *words).out))


def test_a_report_of_a_board() -> None:
    suites = (SuiteResult("parity", (Case("a", True), Case("b", False, "differs")), {"inputs": 2.0}),)
    check_output(json.loads(HilResult("COM5", DEVICE, suites).json()))
    with pytest.raises(ValidationError, match="device"):
        check_output(json.loads(to_json(suites, {"url": "COM5"})))


@pytest.mark.parametrize("device", [DEVICE, None])
def test_a_flashed_board(device: DeviceInfo | None) -> None:
    build = SimpleNamespace(
        platform=SimpleNamespace(name="pico"), phrase="hey you", model_sha256="00", folder=Path("b")
    )
    console = None if device is None else "COM5"
    flashed = Flashed(cast(Any, build), Path("b.uf2"), "drive", "console", "", console, device)
    check_output({"schema": "wwtool.flash", "version": 1, **flashed.as_dict()})


@pytest.mark.parametrize("path", sorted(OLD.glob("*/*.json")), ids=lambda path: path.stem)
def test_what_an_older_version_wrote(path: Path) -> None:
    check_output(json.loads(path.read_text()))


@pytest.mark.parametrize("where", [(), ("final",), ("final", "sizes", "parts", 0), ("inputs",), ("evaluation",)])
def test_a_key_without_its_schema_is_refused(where: tuple[str | int, ...]) -> None:
    manifest = json.loads((OLD / "0.1.0/pico.json").read_text())
    part = manifest
    for key in where:
        part = part[key]
    part["tea"] = 1
    with pytest.raises(ValidationError, match="tea"):
        check_output(manifest)


def test_every_output_has_its_schema() -> None:
    """And the page of the outputs links it."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "wwtool/cli").glob("*.py"))
    printed = {(name, int(version)) for name, version in re.findall(r'print_json\(\s*"(\w+)", (\d+)', code)}
    files = {("bringup", 1), ("dataset", 1), ("hil", 1), ("manifest", 1)}
    assert printed | files == {(name, version) for name, (version, _) in OUTPUTS.items()}
    page = (ROOT / "docs/reference/json.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(output/(\w+)\.schema\.json\)", page)) == set(OUTPUTS)


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_schema_allows_later_keys(name: str) -> None:
    schema = json.loads(output_schema(name))
    assert schema["properties"]["schema"] == {"const": f"wwtool.{name}"}
    assert {"schema", "version"} < set(schema["required"]) <= set(schema["properties"])
    assert '"additionalProperties": false' not in output_schema(name)
