"""A platform's profile, held to the registries: what it names exists, and it has what each part needs."""

from __future__ import annotations

from wwtool.device.flash.tools import flash_tools_of
from wwtool.emulators import emulator_of
from wwtool.firmware.image_formats import check_images
from wwtool.firmware.toolchains import toolchain_kind
from wwtool.packages import FORMATS
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform


def check_profile(platform: Platform) -> Platform:
    """The platform, if wwtool has everything that its profile names.

    Raises:
        InputError: it does not, or the profile lacks what a part needs; with the key.
    """
    toolchain_kind(platform)
    check_images(platform)
    emulator_of(platform)
    flash_tools_of(platform)
    for name in platform.frameworks:
        FORMATS.member(name, platform.file)
    return platform


def load_profile(name: str) -> Platform:
    """As ``load_platform``, and checked.

    Raises:
        UsageError: there is none of that name.
        InputError: its file is not valid, or names what wwtool does not have.
    """
    return check_profile(load_platform(name))
