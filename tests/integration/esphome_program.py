"""ESPHome itself, which tests hold packages to. ``make build/.setup-esphome`` installs it apart from wwtool."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALLED = ROOT / "build" / "esphome" / "bin" / "esphome"
PROGRAM = str(INSTALLED) if INSTALLED.exists() else shutil.which("esphome")
SECRETS = 'wifi_ssid: "network"\nwifi_password: "12345678"\n'

MARKS = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="ESPHome is not installed; make build/.setup-esphome gets it"),
]


def esphome(*words: str, folder: Path) -> tuple[bool, str]:
    """Whether ESPHome is content, and what it says."""
    done = subprocess.run([str(PROGRAM), *words], cwd=folder, capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def validate(path: Path) -> str:
    """What ESPHome complains of; empty if the YAML is valid."""
    content, said = esphome("config", path.name, folder=path.parent)
    return "" if content and "Configuration is valid!" in said else f"{path.name}: {said[-1500:]}"
