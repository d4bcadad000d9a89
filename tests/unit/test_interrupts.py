"""Ctrl-C at any time, also where a library makes another error of it."""

from __future__ import annotations

import pytest
from cli import run_here

from wwtool.cli import main as program


def test_ctrl_c_while_a_library_loads_is_no_bug(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*arguments: object, **options: object) -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise ImportError("initialization failed") from error

    monkeypatch.setattr(program.cli, "main", load)
    result = run_here(capsys, "platforms")
    assert (result.code, result.err) == (130, "interrupted; run the same command again to go on\n")
