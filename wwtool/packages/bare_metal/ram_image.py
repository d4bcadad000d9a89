"""The image of a project that a boot loader or a debug probe starts from RAM, beside the one for flash."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.files import write_bytes
from wwtool.errors import InputError, ToolError
from wwtool.firmware.image_formats import ram_format, ram_recipe_of
from wwtool.firmware.make_image import make, raw_image
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
        InputError: ``ram.ld`` has the vector table elsewhere than the profile says.
    """
    kind = ram_format(platform)
    if project.ram_script is None or kind is None:
        return {}
    objects = objects.resolve()
    elf = objects / f"{name}.ram.elf"
    compiled = [object_of(objects, source) for source, _ in project.sources]
    result = link(project, toolchain, objects, compiled, elf, link_flags(project, toolchain, project.ram_script))
    if is_too_large(result):
        return {}
    if result.returncode != 0:
        raise ToolError(f"linking the firmware for RAM failed: {first_error(result.stderr)}")
    content, origin = elf.read_bytes(), platform.memory.ram_image_origin
    if origin is not None and raw_image(content)[0] != origin:
        raise InputError(
            f"the firmware for RAM is linked for {raw_image(content)[0]:#x}, and memory.ram_image_origin of "
            f"{platform.file} is {origin:#x}; make ram.ld and the profile agree"
        )
    target = out / f"{name}.{kind}"
    write_bytes(target, make(content, kind.rpartition(".")[2], ram_recipe_of(platform)))
    return {kind: target}
