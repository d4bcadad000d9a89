"""What stands twice in the repository is the same in both places: versions, and the checks before a commit."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

import wwtool

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_version_has_one_home_and_a_line_in_the_changelog() -> None:
    assert "version" not in PYPROJECT["project"]
    assert PYPROJECT["tool"]["hatch"]["version"]["path"] == "wwtool/__init__.py"
    assert f"## [{wwtool.__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_the_changelog_keeps_its_form() -> None:
    headings = re.findall(r"^(#+ .*)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    releases = [line for line in headings if line.startswith("## ")]
    assert releases[0] == "## [Unreleased]"
    assert all(re.fullmatch(r"## \[\d+\.\d+\.\d+\] - (\d{4}-\d\d-\d\d|unreleased)", line) for line in releases[1:])
    kinds = {line for line in headings if line.startswith("### ")}
    assert kinds <= {f"### {kind}" for kind in ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")}


def test_a_commit_is_checked_with_make_lint() -> None:
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [hook["entry"] for hook in repository["hooks"]] == ["make lint"]


def test_hosted_machines_run_what_lands_and_every_supported_python() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
    assert jobs["all"]["steps"][-1]["run"] == ".ci/run"
    pythons = jobs["quick"]["strategy"]["matrix"]["python"]
    assert ">=" + pythons[0] == PYPROJECT["project"]["requires-python"]
    listed = [line.rsplit(" ", 1)[1] for line in PYPROJECT["project"]["classifiers"] if "Python :: 3." in line]
    assert pythons == listed
