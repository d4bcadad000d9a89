"""A build says in the terminal, in the manifest and in the report whose voices its figures are of."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from cli import SMALL, emulation_missing, run_apart

from wwtool.data.voices import SYNTHETIC_WARNING

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(emulation_missing()), reason=emulation_missing() or "all is there"),
]


def build(folder: Path, *more: str | Path) -> tuple[str, dict[str, object], str]:
    """What a build prints, the manifest's evaluation, and the report."""
    config = folder / "small.yaml"
    config.write_text(SMALL)
    result = run_apart("build", "--platform", "pico", "--config", config, "--out", folder / "out", *more)
    assert (result.code, result.err) == (0, "")
    evaluation = json.loads((folder / "out" / "manifest.json").read_text())["evaluation"]
    assert json.loads((folder / "out" / "run" / "evaluation.json").read_text())["voices"] == evaluation["voices"]
    return " ".join(result.out.split()), evaluation, (folder / "out" / "report.html").read_text()


def test_a_build_without_recordings(tmp_path: Path) -> None:
    terminal, evaluation, report = build(tmp_path)
    assert evaluation["voices"] == "synthetic"
    assert evaluation["warning"] == SYNTHETIC_WARNING
    speakers = f"300 utterances of {evaluation['speakers']} synthetic voices"
    assert speakers in terminal and speakers in report
    assert SYNTHETIC_WARNING in terminal
    assert SYNTHETIC_WARNING in report.replace("&#39;", "'")


def test_a_build_from_recordings(tmp_path: Path) -> None:
    amounts = ["--positives", "80", "--near-misses", "30", "--sentence-hours", "0.03"]
    assert run_apart("data", "synth", "hey computer", "--out", tmp_path / "made", *amounts).code == 0
    # Named by hand, as recordings of people are.
    for number, path in enumerate(sorted((tmp_path / "made").rglob("*.flac"))):
        label = path.relative_to(tmp_path / "made").parts[0]
        target = tmp_path / "data" / label / f"speaker{number % 12}" / f"{number}.flac"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    terminal, evaluation, report = build(tmp_path, "--data", tmp_path / "data", "--no-synth")
    assert evaluation["voices"] == "people"
    assert evaluation["warning"] is None
    speakers = f"{evaluation['positives']} recordings of {evaluation['speakers']} people"
    assert speakers in terminal and speakers in report
    assert "synthetic voices" not in terminal + report
    synthetic = build(tmp_path, "--data", tmp_path / "made", "--no-synth")[1]
    assert synthetic["voices"] == "synthetic"
