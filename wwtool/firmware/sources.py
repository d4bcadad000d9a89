"""What a firmware is made of, as hashes: a build that was made of the same is not made again."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.assets import asset_dir
from wwtool.base.files import sha256_of
from wwtool.firmware import make_image
from wwtool.platforms.profile import Platform


def sources_of(platform: Platform) -> list[str]:
    """Hashes of every template and board file that can go into a firmware, whatever its package format."""
    roots = {asset_dir("firmware_templates"), platform.board_folder}
    files = [path for root in sorted(roots) for path in sorted(root.rglob("*")) if path.is_file()]
    return [sha256_of(path) for path in (*files, Path(make_image.__file__))]
