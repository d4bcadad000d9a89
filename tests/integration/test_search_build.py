"""A build that searches among finalists: interrupted, repeated, and against training the winner alone."""

from __future__ import annotations

import hashlib
import json
import signal
from pathlib import Path
from typing import Any

import pytest
from cli import SMALL, emulation_missing, end_when, run_apart

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(emulation_missing()), reason=emulation_missing() or "all is there"),
]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("config") / "small.yaml"
    path.write_text(SMALL)
    return path


def _build(config: Path, out: Path, *more: str) -> list[str | Path]:
    return ["build", "--platform", "pico", "--config", config, "--out", out, *more]


def _model(folder: Path) -> str:
    return hashlib.sha256((folder / "model.tflite").read_bytes()).hexdigest()


def _manifest(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "manifest.json").read_text()))


def test_a_search_that_is_killed_ends_as_training_the_winner_alone(config: Path, tmp_path: Path) -> None:
    searched, alone = tmp_path / "searched", tmp_path / "alone"
    command = _build(config, searched, "--search", "2")
    finalists = searched / "run" / "search"
    moments = [
        lambda: len(list(finalists.glob("*/checkpoint.safetensors"))) == 1,  # in the first finalist's training
        lambda: len(list(finalists.glob("*/15.tflite"))) == 2,  # both are trained up to the rung
        lambda: (searched / "run" / "checkpoint.safetensors").exists(),  # the winner goes on
    ]
    ended = [end_when(command, ready, signal.SIGKILL) for ready in moments]
    assert sum(result is not None for result in ended) >= 2
    result = run_apart(*command)
    assert (result.code, result.err) == (0, "")
    manifest = _manifest(searched)
    (rung,) = manifest["choice"]["rungs"]
    winner = manifest["model"]["name"]
    assert rung["kept"] == [winner]
    assert set(rung["scores"]) == set(manifest["choice"]["finalists"])
    assert manifest["budget"]["model"] == winner
    assert "won the search" in (searched / "report.html").read_text()
    assert "after 15 steps" in result.out

    again = run_apart(*command)
    assert again.code == 0
    assert all(line.endswith("unchanged") for line in again.out.splitlines() if line.strip().startswith("✓"))

    assert run_apart(*_build(config, alone, "--model", winner)).code == 0
    assert _model(alone) == _model(searched)
    assert _manifest(alone)["choice"] is None


def test_search_and_model_exclude_each_other(config: Path, tmp_path: Path) -> None:
    both = run_apart(*_build(config, tmp_path / "out", "--model", "tcn32", "--search", "2"))
    both.refused(2, "--search chooses among models")
    assert not (tmp_path / "out").exists()
