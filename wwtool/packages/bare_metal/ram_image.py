"""The image of a project that the boot loader starts from RAM, beside the one for flash: ``name.ram.uf2``."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.files import write_bytes
from wwtool.errors import ToolError
from wwtool.firmware.image_formats import RAM_IMAGE, ram_recipe_of
from wwtool.firmware.make_image import make
from wwtool.firmware.toolchains import Toolchain, first_error
from wwtool.packages.bare_metal.image import is_too_large, link, object_of
from wwtool.packages.bare_metal.project import FirmwareProject, link_flags
from wwtool.platforms.profile import Platform


def ram_image(
    project: FirmwareProject, platform: Platform, toolchain: Toolchain, objects: Path, out: Path, name: str
) -> dict[str, Path]:
    """Links the objects that ``build_image`` has left once more, for RAM, and writes the image to ``out``.

    Returns the file by its kind; nothing where the board has no linker script for it, or where the program with all its
    constants does not fit the RAM.

    Raises:
        ToolError: the linker failed.
    """
    if project.ram_script is None:
        return {}
    objects = objects.resolve()
    elf = objects / f"{name}.ram.elf"
    compiled = [object_of(objects, source) for source, _ in project.sources]
    result = link(project, toolchain, objects, compiled, elf, link_flags(project, toolchain, project.ram_script))
    if is_too_large(result):
        return {}
    if result.returncode != 0:
        raise ToolError(f"linking the firmware for RAM failed: {first_error(result.stderr)}")
    target = out / f"{name}.{RAM_IMAGE}"
    write_bytes(target, make(elf.read_bytes(), "uf2", ram_recipe_of(platform)))
    return {RAM_IMAGE: target}
