"""Draws how each board is wired, from its profile, for the docs: docs/images/wiring-NAME.svg.

    python scripts/wiring.py

Run it after a change of a profile's pins; a test holds the pictures to the profiles.
"""

from __future__ import annotations

from pathlib import Path

from wwtool.base.files import write_text
from wwtool.platforms.load import load_platform
from wwtool.reports.wiring_picture import wiring_picture

BOARDS = ("esp32s3", "pico", "nano33ble")
IMAGES = Path(__file__).parents[1] / "docs" / "images"


def pictures() -> dict[str, str]:
    """The pictures by the name of their file."""
    return {f"wiring-{name}.svg": wiring_picture(load_platform(name)) for name in BOARDS}


if __name__ == "__main__":
    for name, picture in pictures().items():
        write_text(IMAGES / name, picture)
