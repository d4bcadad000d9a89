"""The kinds of file that a build's image folder holds: ``IMAGE_FORMATS`` is the registry.

``make_image.py`` writes them, in wwtool and in every project. ``uf2``, ``intel_hex`` and ``esp_image`` read them back.
"""

from __future__ import annotations

from dataclasses import dataclass

from wwtool.base.registry import Registry
from wwtool.errors import InputError
from wwtool.firmware.esp_image import esp_image_arguments
from wwtool.firmware.make_image import Recipe
from wwtool.firmware.uf2 import from_uf2
from wwtool.platforms.profile import Platform


@dataclass(frozen=True)
class ImageFormat:
    """A kind of file.

    Attributes:
        kind: its ending, and the word for ``image`` in a profile.
        is_made: it is made of the ELF, by the project's Makefile as well.
        section: the section of the profile that it needs; "" for none.
    """

    kind: str
    is_made: bool = True
    section: str = ""


IMAGE_FORMATS: Registry[ImageFormat] = Registry(
    "image",
    {
        image.kind: image
        for image in (
            ImageFormat("bin"),
            ImageFormat("uf2", section="uf2"),
            ImageFormat("hex"),
            ImageFormat("elf", is_made=False),
        )
    },
)
# A file that a boot loader, or a debug probe, starts from RAM. It is made where a board can, whatever a profile lists.
RAM_UF2, RAM_BIN = "ram.uf2", "ram.bin"
RAM_IMAGES = (RAM_UF2, RAM_BIN)
# The kinds that are made of an ELF.
MADE = tuple(kind for kind, image in IMAGE_FORMATS.items() if image.is_made)


def check_images(platform: Platform) -> None:
    """Raises InputError if a profile names a kind that wwtool does not make, or lacks what that needs."""
    for kind in platform.image:
        section = IMAGE_FORMATS.member(kind, platform.file).section
        if section and getattr(platform, section) is None:
            raise InputError(f"{platform.file}: {section} is needed, where {kind.upper()} files are made")


def formats(platform: Platform) -> tuple[str, ...]:
    """The kinds that are made of a platform's ELF; none for a program of an operating system."""
    check_images(platform)
    return tuple(kind for kind in MADE if kind in platform.image)


def recipe_of(platform: Platform) -> Recipe:
    """What a platform's images need."""
    if platform.flash_chip is not None:
        return Recipe(esp=esp_image_arguments(platform))
    if platform.uf2 is not None:
        return Recipe(platform.chip.boot2_crc, platform.uf2.family, platform.uf2.entry)
    return Recipe(platform.chip.boot2_crc)


def ram_format(platform: Platform) -> str | None:
    """The kind of a platform's image for RAM; None if nothing starts one."""
    if platform.uf2 is not None and platform.uf2.starts_from_ram:
        return RAM_UF2
    return RAM_BIN if platform.memory.ram_image_origin is not None else None


def ram_recipe_of(platform: Platform) -> Recipe:
    """What a platform's image for RAM needs: it has no boot loader of its own."""
    uf2 = platform.uf2
    return Recipe(family=uf2.family) if uf2 is not None and uf2.starts_from_ram else Recipe()


def read_ram_image(platform: Platform, content: bytes) -> tuple[int, bytes]:
    """The address and the bytes of a platform's image for RAM.

    Raises:
        InputError: it is damaged.
    """
    if platform.uf2 is not None and platform.uf2.starts_from_ram:
        return from_uf2(content, platform.uf2.family)
    assert platform.memory.ram_image_origin is not None
    return platform.memory.ram_image_origin, content
