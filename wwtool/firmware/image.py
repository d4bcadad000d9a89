"""Compiles and links a firmware project, measures it, and writes the flashable files."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from wwtool.errors import BudgetError, InputError, ToolError, WwtoolError
from wwtool.files import write_bytes, write_text
from wwtool.firmware.esp_image import to_esp_image
from wwtool.firmware.intel_hex import to_hex
from wwtool.firmware.project import FirmwareProject, compile_flags, include_flags, link_flags
from wwtool.firmware.sizes import Sizes, load_address, measure
from wwtool.firmware.toolchains import Toolchain, first_error
from wwtool.firmware.uf2 import patch_boot2, to_uf2
from wwtool.platforms import Platform

_RAW_FORMATS = ("bin", "uf2", "hex")


@dataclass(frozen=True)
class Image:
    """The built files by kind (bin, uf2, hex, elf, map) and the sizes read from the linked ELF."""

    files: dict[str, Path]
    sizes: Sizes


def build_image(
    project: FirmwareProject, platform: Platform, toolchain: Toolchain, objects: Path, out: Path, name: str
) -> Image:
    """Builds ``project``; object files go to ``objects``, the images to ``out`` as ``name``.*.

    Raises:
        ToolError: the compiler failed.
        BudgetError: the linker says that it does not fit the chip at all.
    """
    objects.mkdir(parents=True, exist_ok=True)
    objects = objects.resolve()  # the compiler runs in the project's folder
    elf, map_file = objects / f"{name}.elf", objects / f"{name}.map"
    with ThreadPoolExecutor(2) as pool:
        compiled = list(pool.map(lambda s: _compile(project, toolchain, objects, *s), project.sources))
    # Bare names, as folders may have characters that mean something to the linker, such as % and the comma.
    scripts = ["-L", str(project.folder.resolve())]
    command = [
        toolchain.compiler, *compile_flags(toolchain), *link_flags(project, toolchain), *scripts,
        f"-Wl,-Map={map_file.name}", "-o", elf.name, *(path.name for path in compiled), *toolchain.libraries,
    ]  # fmt: skip
    result = subprocess.run(command, cwd=objects, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        message = first_error(result.stderr)
        if "overflowed" in result.stderr or "will not fit" in result.stderr:
            raise BudgetError(f"the firmware does not fit {platform.title}: {message}; choose a smaller model")
        raise _failure("linking the firmware", result.stderr)
    files = {"elf": out / f"{name}.elf", "map": out / f"{name}.map"}
    write_bytes(files["elf"], elf.read_bytes())
    write_bytes(files["map"], map_file.read_bytes())
    if toolchain.hosted:
        files["elf"].chmod(0o755)
    if platform.flash_tool == "esptool":
        files["bin"] = out / f"{name}.bin"
        write_bytes(files["bin"], to_esp_image(platform, elf, objects / f"{name}.bin"))
    elif not toolchain.hosted:
        content = _raw_image(elf, platform, toolchain)
        files |= {kind: out / f"{name}.{kind}" for kind in platform.image if kind in _RAW_FORMATS}
        _write_formats(files, content, platform)
    return Image(files, measure(elf, toolchain))


def _raw_image(elf: Path, platform: Platform, toolchain: Toolchain) -> bytes:
    """What is programmed, from the platform's application origin on.

    Raises:
        BudgetError: it is larger than the flash that is the application's.
        InputError: it is linked for another address.
    """
    raw = elf.with_suffix(".raw")
    subprocess.run([toolchain.objcopy, "-O", "binary", str(elf), str(raw)], check=True, capture_output=True)
    content = raw.read_bytes()
    memory = platform.memory
    start = load_address(elf)
    if start != memory.application_origin:
        raise InputError(
            f"the firmware is linked for {start:#x}, but the application of {platform.title} begins at "
            f"{memory.application_origin:#x}; make link.ld and the platform profile agree"
        )
    if len(content) > memory.application_bytes:
        raise BudgetError(
            f"the firmware does not fit {platform.title}: {len(content):,} bytes of the "
            f"{memory.application_bytes:,} that are the application's; choose a smaller model"
        )
    return patch_boot2(content) if platform.chip.boot2_crc else content


def _write_formats(files: dict[str, Path], content: bytes, platform: Platform) -> None:
    origin = platform.memory.application_origin
    if "bin" in files:
        write_bytes(files["bin"], content)
    if "uf2" in files and platform.uf2 is not None:
        write_bytes(files["uf2"], to_uf2(content, origin, platform.uf2.family, platform.uf2.entry))
    if "hex" in files:
        write_text(files["hex"], to_hex(content, origin))


def _failure(step: str, text: str) -> WwtoolError:
    if "No space left" in text:
        return InputError(f"{step} failed, as the disk is full; free some space and run the same command again")
    return ToolError(f"{step} failed: {first_error(text)}")


def _compile(project: FirmwareProject, toolchain: Toolchain, objects: Path, source: str, optimise: str) -> Path:
    target = objects / (source.replace("/", "_") + ".o")
    # Paths in debug information are relative, so the same sources give the same image everywhere. GCC tells the
    # compiler proper of the map, but not the assembler.
    here = f"{project.folder.resolve()}=."
    assembler = ["-Xassembler", f"--debug-prefix-map={here}"] if source.endswith(".S") else []
    command = [
        toolchain.compiler, *include_flags(), *compile_flags(toolchain), optimise,
        f"-ffile-prefix-map={here}", *assembler, "-c", "-o", str(target), source,
    ]  # fmt: skip
    result = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise _failure(f"compiling {source}", result.stderr)
    return target
