"""What the tests of flashing share: USB ids, a build to flash, and what a boot loader does with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from cli import Result
from fake_boards import Bench

from wwtool.platforms.load import load_platform

S3, BRIDGE, PICO, NANO, NANO_LOADER = "303a:1001", "10c4:ea60", "2e8a:000a", "2341:805a", "2341:005a"
BOOTSEL, ADAFRUIT = "2e8a:0003", "239a:0063"
Flash = Callable[..., Result]


def make_build(
    folder: Path, platform: str, model: str = "00", more: tuple[str, ...] = (), image: bytes | None = None
) -> Path:
    """A build folder with images of some bytes, or of ``image``; ``more`` are kinds that a profile does not list."""
    kinds = (*load_platform(platform).image, *more)
    images = {kind: f"image/hey.{kind}" for kind in kinds}
    outputs = {}
    for kind, name in images.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = image or f"{platform} {kind} ".encode() * 3000
        path.write_bytes(content)
        outputs[name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    manifest = {
        "schema": "wwtool.manifest", "version": 1, "platform": load_platform(platform).name, "phrase": "hey",
        "image": images, "profile": load_platform(platform).recorded(), "outputs": outputs, "model": {"sha256": model},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def started(bench: Bench, drive: Path, build: Path, console: str | None, file: str = "hey.uf2") -> Callable[[], None]:
    """The boot ROM has all blocks: the program's console comes, the drive goes."""

    def start() -> None:
        assert (drive / file).read_bytes() == (build / "image" / file).read_bytes()
        if console:
            bench.plug(console, PICO)
        bench.unmount(drive)

    return start


def has_all(drive: Path, build: Path, file: str = "hey.uf2") -> Callable[[], bool]:
    """Whether the drive has the whole UF2 file."""
    size = (build / "image" / file).stat().st_size
    return lambda: (drive / file).exists() and (drive / file).stat().st_size == size
