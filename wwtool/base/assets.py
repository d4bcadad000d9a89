"""Finds the files that ship with wwtool: firmware templates, platform profiles, configs, the catalogue.

A wheel has them inside the package, a checkout beside it.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from wwtool.errors import ToolError


def asset_dir(name: str) -> Path:
    """Returns the folder of shipped files called ``name`` (such as ``platforms`` or ``catalogue``).

    Raises:
        ToolError: the installation is incomplete.
    """
    package = Path(str(resources.files("wwtool")))
    for candidate in (package / "_assets" / name, package.parent / name):
        if candidate.is_dir():
            return candidate
    raise ToolError(f"wwtool's own folder '{name}' is missing from {package}; reinstall wwtool")
