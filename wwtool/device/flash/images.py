"""What is to be flashed: the images of a build folder, held to its manifest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wwtool.errors import InputError, UsageError
from wwtool.files import sha256_of
from wwtool.platforms import platform_of
from wwtool.profile import Platform
from wwtool.records import read_manifest
from wwtool.text import for_shell


@dataclass(frozen=True)
class Build:
    """A finished build.

    Attributes:
        folder: where it lies.
        platform: what it was built for.
        phrase: its wake word.
        model_sha256: what the console of a board that runs it says.
        images: paths in the folder by kind (uf2, bin, hex, elf).
        sha256: of each file, by its path in the folder, as the manifest has it.
    """

    folder: Path
    platform: Platform
    phrase: str
    model_sha256: str
    images: dict[str, str]
    sha256: dict[str, str]

    def image(self, kind: str) -> Path:
        """The image of a kind, unaltered.

        Raises:
            InputError: it is missing, or not the one that was built.
        """
        name = self.images.get(kind, "")
        path = self.folder / name
        if not path.is_file():
            raise InputError(f"{self.folder} has no .{kind} image; run wwtool build again")
        if sha256_of(path) != self.sha256.get(name):
            raise InputError(f"{path} is not the image that was built, as its SHA-256 differs; run wwtool build again")
        return path


def read_build(folder: Path) -> Build:
    """Reads ``manifest.json``.

    Raises:
        InputError: this is no finished build, or its manifest is damaged.
        UsageError: there is nothing to flash on its platform.
    """
    if folder.is_file():
        raise InputError(f"{folder} is a file; give the folder that wwtool build wrote")
    if not folder.is_dir():
        raise InputError(f"the build {folder} does not exist; run wwtool build first")
    manifest = read_manifest(folder)
    try:
        if manifest["schema"] != "wwtool.manifest":
            raise ValueError
        platform = platform_of(manifest["profile"], "manifest.json")
        images = {str(kind): str(path) for kind, path in manifest["image"].items()}
        sha256 = {str(path): str(facts["sha256"]) for path, facts in manifest["outputs"].items()}
        build = Build(folder, platform, str(manifest["phrase"]), str(manifest["model"]["sha256"]), images, sha256)
    except (KeyError, TypeError, ValueError, AttributeError, InputError) as error:
        raise InputError(
            f"{folder / 'manifest.json'} is no manifest of this version; run wwtool build again"
        ) from error
    _refuse_hosted(build)
    return build


def _refuse_hosted(build: Build) -> None:
    if build.platform.flash_tools:
        return
    program = build.folder / build.images.get("elf", "image")
    if build.platform.toolchain == "host" and build.platform.chip.core == "host":
        remedy = f"run {for_shell(program)}, or wwtool emulate {for_shell(build.folder)}"
    else:
        remedy = f"copy {for_shell(program)} to it, for example with scp, and run it there"
    raise UsageError(f"there is nothing to flash on {build.platform.title}, as the image is a program; {remedy}")
