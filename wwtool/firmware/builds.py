"""A finished build, whoever made it. Its paths stay in its folder, and its files must have the recorded hashes. The
installed profiles describe the chip, not the folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wwtool.base.files import sha256_of
from wwtool.base.inside import path_inside
from wwtool.base.records import read_manifest
from wwtool.base.seals import is_sealed, seal
from wwtool.errors import InputError
from wwtool.platforms.load import load_platform, platform_names, platform_of
from wwtool.platforms.profile import Platform

_SCHEMA = "wwtool.manifest"
_SEAL, _PURPOSE = "seal", "build"


@dataclass(frozen=True)
class Build:
    """A finished build.

    Attributes:
        folder: where it lies.
        platform: the platform it was built for.
        phrase: its wake word.
        model_sha256: the hash of its model, which a board that runs it sends.
        images: paths in the folder by kind (uf2, bin, hex, elf, ram.uf2, ram.bin).
        sha256: of each file, by its path in the folder, as the manifest has it.
        is_own: this user has built it, and the manifest is as it was written then.
    """

    folder: Path
    platform: Platform
    phrase: str
    model_sha256: str
    images: dict[str, str]
    sha256: dict[str, str]
    is_own: bool

    def require_images(self) -> None:
        """Refuses the project of a framework.

        Raises:
            InputError: it is one.
        """
        if not self.images:
            raise InputError(
                f"{self.folder} is for a framework, whose own tools build and flash it; build it with "
                "--framework bare-metal to emulate, flash or test it here"
            )

    def image(self, kind: str) -> Path:
        """The image of a kind, unchanged since the build.

        Raises:
            InputError: it is missing, or not the one that was built.
        """
        self.require_images()
        name = self.images.get(kind)
        if name is None:
            raise InputError(f"{self.folder} has no .{kind} image; run wwtool build again")
        path = path_inside(self.folder, name)
        if not path.name.endswith(f".{kind}"):  # tools take a file's kind, and settings, by its name
            raise InputError(f"{self.folder} calls {name} its .{kind} image, which it is not; run wwtool build again")
        if not path.is_file():
            raise InputError(f"{self.folder} has no .{kind} image, as {name} is missing; run wwtool build again")
        if sha256_of(path) != self.sha256.get(name):
            raise InputError(f"{path} is not the image that was built, as its SHA-256 differs; run wwtool build again")
        return path


def sealed_manifest(manifest: dict[str, Any]) -> dict[str, Any]:
    """A manifest with this user's seal, by which ``read_build`` knows it again; "" where none can be made."""
    return {**manifest, _SEAL: seal(_PURPOSE, manifest)}


def read_build(folder: Path, platform: Platform | None = None) -> Build:
    """Reads ``manifest.json``.

    Args:
        folder: what ``wwtool build`` wrote.
        platform: the profile of the build, if it is a user's own.

    Raises:
        InputError: the folder is no finished build, or its manifest is damaged, or there is no such platform.
    """
    if folder.is_file():
        raise InputError(f"{folder} is a file; give the folder that wwtool build wrote")
    if not folder.is_dir():
        raise InputError(f"the build {folder} does not exist; run wwtool build first")
    manifest = read_manifest(folder)
    try:
        if manifest["schema"] != _SCHEMA:
            raise ValueError
        phrase, model = str(manifest["phrase"]), str(manifest["model"]["sha256"])
        images = {str(kind): str(path) for kind, path in manifest["image"].items()}
        sha256 = {str(path): str(facts["sha256"]) for path, facts in manifest["outputs"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{folder / 'manifest.json'} is no manifest of this version; run wwtool build again"
        ) from error
    profile = platform_of_build(folder, manifest, platform)
    return Build(folder, profile, phrase, model, images, sha256, _is_own(manifest))


def _is_own(manifest: dict[str, Any]) -> bool:
    return is_sealed(_PURPOSE, {key: value for key, value in manifest.items() if key != _SEAL}, manifest.get(_SEAL))


def platform_of_build(folder: Path, manifest: dict[str, Any], given: Platform | None = None) -> Platform:
    """The profile of a build: ``given``, or the installed one, or the one that this user has built it with.

    Raises:
        InputError: there is none of these.
    """
    name = str(manifest.get("platform"))
    if given is not None:
        if given.name != name:
            raise InputError(f"{folder} was built for {name}, not for {given.name}; leave --platform out, or name that")
        return given
    if name in platform_names():
        return load_platform(name)
    if _is_own(manifest):
        return platform_of(manifest.get("profile"), "manifest.json")
    raise InputError(
        f"{folder} was built for {name!r}, which wwtool does not know; name its profile with --platform FILE.yaml"
    )
