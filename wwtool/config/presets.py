"""The presets: configs that come with wwtool and are called by a name."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.assets import asset_dir


def presets() -> tuple[str, ...]:
    """The names of the presets, which a config may be called by."""
    return tuple(sorted(path.stem for path in asset_dir("configs").glob("*.yaml")))


def preset_or_file(path: Path | None) -> Path | None:
    """The file of the preset of that name, unless there is a file of that name; else the path itself."""
    if path is None or path.is_file() or str(path) not in presets():
        return path
    return asset_dir("configs") / f"{path}.yaml"
