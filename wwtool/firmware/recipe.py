"""What the image files of a platform are made with: by wwtool, and by the Makefile of a project."""

from __future__ import annotations

from wwtool.firmware.esp_image import esp_image_arguments
from wwtool.firmware.make_image import Recipe
from wwtool.platforms.profile import Platform

FORMATS = ("bin", "uf2", "hex")


def formats(platform: Platform) -> tuple[str, ...]:
    """The image files made of the ELF; none for a program."""
    return tuple(kind for kind in FORMATS if kind in platform.image and (kind != "uf2" or platform.uf2 is not None))


def recipe_of(platform: Platform) -> Recipe:
    """What a platform's images need.

    Raises:
        InputError: the platform's profile says nothing of its flash chip.
    """
    if platform.flash_chip is not None:
        return Recipe(esp=esp_image_arguments(platform))
    if platform.uf2 is not None:
        return Recipe(platform.chip.boot2_crc, platform.uf2.family, platform.uf2.entry)
    return Recipe(platform.chip.boot2_crc)
