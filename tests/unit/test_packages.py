"""The packages that wwtool stands on: each is pinned once, by the hashes of its files, and its licence is told."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def normal(name: str) -> str:
    """A package's name as PEP 503 compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def names(requirements: list[str]) -> set[str]:
    return {normal(re.split(r"[<>=!~\[ ;]", requirement)[0]) for requirement in requirements}


def locked() -> dict[str, list[str]]:
    """Hashes by package; a package that stands there twice fails."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if pinned := re.match(r"([A-Za-z0-9._-]+)==\S+", line):
            assert normal(pinned[1]) not in found, pinned[1]
            hashes = found[normal(pinned[1])] = []
        else:
            assert re.fullmatch(r" +--hash=sha256:[0-9a-f]{64}( \\)?", line), line
            hashes.append(line)
    return found


def test_every_package_is_pinned_once_by_hash() -> None:
    packages = locked()
    assert all(packages.values())
    extras = PROJECT["optional-dependencies"]
    needed = names(PROJECT["dependencies"] + extras["dev"] + extras["docs"])
    assert needed - set(packages) == {"torch"}  # its file differs between machines
    assert re.search(r"torch==\d", (ROOT / "scripts/setup").read_text())


def test_every_licence_is_told() -> None:
    page = (ROOT / "docs/explanation/licences.md").read_text().replace("`espeakng-loader`", "espeakng-loader")
    wanted = names(PROJECT["dependencies"] + PROJECT["optional-dependencies"]["emulator"])
    assert not {name for name in wanted if name not in page}
    assert "docs/explanation/licences.md" in (ROOT / "NOTICE").read_text()
    assert "docs/explanation/licences.md" in (ROOT / "README.md").read_text()
