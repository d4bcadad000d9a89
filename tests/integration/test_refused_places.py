"""Places that cannot be used: a working folder that is gone, a path that no file can have."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli import run_here


@pytest.mark.parametrize(
    "command", [["data", "synth", "hey computer", "--positives", "1"], ["build", "--platform", "host"]]
)
def test_a_working_folder_that_is_gone(
    command: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    result = run_here(capsys, *command, "--out", ".")
    monkeypatch.chdir(tmp_path)
    result.refused(4, "the folder you are in no longer exists")


def test_a_row_whose_path_has_a_zero_byte(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_bytes(b"path,label\na\0.wav,positive\n")
    run_here(capsys, "data", "split", "rows.csv").refused(4, "rows.csv:2", "zero byte")
