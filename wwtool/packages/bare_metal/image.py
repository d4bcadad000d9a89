"""Compiles and links a firmware project, measures it, and writes the flashable files."""

from __future__ import annotations

import re
from pathlib import Path
from subprocess import CompletedProcess

from wwtool.base.files import write_bytes, write_text
from wwtool.base.objects import Compilation, compile_objects
from wwtool.base.programs import run_program
from wwtool.errors import BudgetError, InputError, ToolError, WwtoolError
from wwtool.firmware.esp_image import to_esp_image
from wwtool.firmware.image_formats import formats, recipe_of
from wwtool.firmware.make_image import make, raw_image
from wwtool.firmware.sizes import Sizes, measure
from wwtool.firmware.toolchains import Toolchain, first_error
from wwtool.packages.bare_metal.project import FirmwareProject, compile_flags, include_flags, link_flags
from wwtool.packages.package_format import Image
from wwtool.platforms.profile import Platform

# A line of flash or RAM in a linker script's MEMORY, up to its length. The ESP32-S3 has two views of one memory, 6.9 MB
# apart, so no length may be larger.
_MEMORY_LENGTH = re.compile(r"^(\s*(?:FLASH|RAM|IRAM|DRAM)\b[^\n]*LENGTH = )[^/\n]*", re.MULTILINE)
_LARGE_MEMORY = "6M"
_LARGE_SCRIPT = "large.ld"


class TooLargeError(BudgetError):
    """The chip cannot hold the firmware; ``sizes`` are those that it would have."""

    def __init__(self, message: str, sizes: Sizes) -> None:
        super().__init__(message)
        self.sizes = sizes


def build_image(
    project: FirmwareProject, platform: Platform, toolchain: Toolchain, objects: Path, out: Path, name: str
) -> Image:
    """Builds ``project``; object files go to ``objects``, the images to ``out`` as ``name``.*.

    Raises:
        ToolError: the compiler failed.
        TooLargeError: the chip cannot hold it; with the sizes that it would have.
        BudgetError: the same, if the sizes cannot be measured.
    """
    objects.mkdir(parents=True, exist_ok=True)
    objects = objects.resolve()  # the compiler runs in the project's folder
    elf, map_file = objects / f"{name}.elf", objects / f"{name}.map"
    compilations = [_compilation(project, toolchain, objects, *source) for source in project.sources]
    failure = compile_objects(compilations, project.folder.resolve())
    if failure is not None:
        raise _failure(f"compiling {failure.source}", failure.message)
    compiled = [compilation.target for compilation in compilations]
    result = link(project, toolchain, objects, compiled, elf, link_flags(project, toolchain))
    if result.returncode != 0:
        message = first_error(result.stderr)
        if is_too_large(result):
            refusal = f"the firmware does not fit {platform.title}: {message}; choose a smaller model"
            raise _too_large(refusal, project, toolchain, objects, compiled, elf)
        raise _failure("linking the firmware", result.stderr)
    files = {"elf": out / f"{name}.elf", "map": out / f"{name}.map"}
    write_bytes(files["elf"], elf.read_bytes())
    write_bytes(files["map"], map_file.read_bytes())
    if toolchain.hosted:
        files["elf"].chmod(0o755)
    if platform.flash_chip is not None:
        files["bin"] = out / f"{name}.bin"
        to_esp_image(platform, elf, files["bin"])
    elif not toolchain.hosted:
        try:
            made = image_files(platform, elf)
        except BudgetError as error:
            raise TooLargeError(str(error), measure(elf, toolchain)) from error
        for kind, content in made.items():
            files[kind] = out / f"{name}.{kind}"
            write_bytes(files[kind], content)
    return Image(files, measure(elf, toolchain))


def link(
    project: FirmwareProject, toolchain: Toolchain, objects: Path, compiled: list[Path], elf: Path, flags: list[str]
) -> CompletedProcess[str]:
    """Links object files in the folder ``objects`` to ``elf`` there, with the linker's map beside it."""
    # Names without folders: a folder may have characters that mean something to the linker, such as % and the comma.
    scripts = ["-L", str(project.folder.resolve())]
    command = [
        toolchain.compiler, *compile_flags(toolchain), *flags, *scripts, f"-Wl,-Map={elf.stem}.map", "-o", elf.name,
        *(path.name for path in compiled), *toolchain.libraries,
    ]  # fmt: skip
    return run_program(command, cwd=objects)


def is_too_large(result: CompletedProcess[str]) -> bool:
    """Whether the linker has failed because a memory is too small."""
    return result.returncode != 0 and ("overflowed" in result.stderr or "will not fit" in result.stderr)


def _too_large(
    message: str, project: FirmwareProject, toolchain: Toolchain, objects: Path, compiled: list[Path], elf: Path
) -> BudgetError:
    """Links once more for a chip with larger memories, to learn the sizes."""
    if project.linker_script is None:
        return BudgetError(message)
    script = (project.folder / project.linker_script).read_text(encoding="utf-8")
    write_text(objects / _LARGE_SCRIPT, _MEMORY_LENGTH.sub(rf"\g<1>{_LARGE_MEMORY}", script))
    flags = [_LARGE_SCRIPT if flag == project.linker_script else flag for flag in link_flags(project, toolchain)]
    if link(project, toolchain, objects, compiled, elf, flags).returncode != 0:
        return BudgetError(message)
    return TooLargeError(message, measure(elf, toolchain))


def image_files(platform: Platform, elf: Path) -> dict[str, bytes]:
    """The content of the image files, by kind.

    Raises:
        BudgetError: the image is larger than the flash for an application.
        InputError: it is linked for another address, or no image can be made of it.
    """
    content = elf.read_bytes()
    start, image = raw_image(content)
    memory = platform.memory
    if start != memory.application_origin:
        raise InputError(
            f"the firmware is linked for {start:#x}, but the application of {platform.title} begins at "
            f"{memory.application_origin:#x}; make link.ld and the platform profile agree"
        )
    if len(image) > memory.application_bytes:
        raise BudgetError(
            f"the firmware does not fit {platform.title}: {len(image):,} bytes of the "
            f"{memory.application_bytes:,} for an application; choose a smaller model"
        )
    return {kind: make(content, kind, recipe_of(platform)) for kind in formats(platform)}


def _failure(step: str, text: str) -> WwtoolError:
    if "No space left" in text:
        return InputError(f"{step} failed, as the disk is full; free some space and run the same command again")
    return ToolError(f"{step} failed: {first_error(text)}")


def object_of(objects: Path, source: str) -> Path:
    """The object file of a source."""
    return objects / (source.replace("/", "_") + ".o")


def _compilation(
    project: FirmwareProject, toolchain: Toolchain, objects: Path, source: str, optimise: str
) -> Compilation:
    # Paths in debug information are relative, so the same sources give the same image everywhere. GCC passes the map to
    # the compiler proper, but not to the assembler.
    here = f"{project.folder.resolve()}=."
    assembler = ["-Xassembler", f"--debug-prefix-map={here}"] if source.endswith(".S") else []
    command = [
        toolchain.compiler, *include_flags(), *compile_flags(toolchain), optimise,
        f"-ffile-prefix-map={here}", *assembler,
    ]  # fmt: skip
    return Compilation(tuple(command), source, object_of(objects, source))
