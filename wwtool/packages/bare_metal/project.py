"""The C project of a firmware: core, board, compiled model, configuration and Makefile."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from wwtool import __version__
from wwtool.base.assets import asset_dir
from wwtool.base.files import write_text
from wwtool.compiler.emit.c_text import comment_text
from wwtool.compiler.kernels.registry import KERNEL_SETS
from wwtool.compiler.package import CompiledModel, write_sources
from wwtool.compiler.targets import kernel_set
from wwtool.engines.machines import WARNINGS
from wwtool.evaluation.detector import DetectorConfig
from wwtool.firmware import make_image
from wwtool.firmware.image_formats import formats, ram_format, ram_recipe_of, recipe_of
from wwtool.firmware.toolchains import Toolchain
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.packages.bare_metal.audio_block import write_audio_block
from wwtool.packages.c_text import c_string
from wwtool.packages.package_format import Content
from wwtool.packages.placement import hop_in_ram, place_hop
from wwtool.packages.programs import config_text, require_feature_frames
from wwtool.packages.rendering import render
from wwtool.platforms.flash_reads import FLASH_READS
from wwtool.platforms.profile import Platform
from wwtool.platforms.wiring import constants

# The program spends its time in these; everything else is compiled for size.
_FAST_FOLDERS = ("model",)
_FAST_FILES = (
    "ww_fft.c",
    "ww_mel.c",
    "ww_mel_slopes.c",
    "ww_mel_filters.c",
    *(f"ww_frame_{name}.c" for name in KERNEL_SETS if name),
)
_INCLUDES = ("core", "model", "board")


@dataclass(frozen=True)
class FirmwareProject:
    """A project in a folder. Its sources, by relative paths: ``small`` is compiled for size, ``fast`` for speed.

    ``ram_script`` links the program for a boot loader that starts it from RAM; None where the board has none.
    """

    folder: Path
    small: tuple[str, ...]
    fast: tuple[str, ...]
    linker_script: str | None
    ram_script: str | None = None

    @staticmethod
    def of(folder: Path) -> FirmwareProject:
        """The project that ``write_project`` wrote into a folder."""
        files = [p.relative_to(folder) for p in folder.rglob("*") if p.suffix in (".c", ".S")]
        sources = sorted(str(p) for p in files if p.parts[0] != "build")  # the project's own Makefile builds there
        fast = tuple(s for s in sources if Path(s).parts[0] in _FAST_FOLDERS or Path(s).name in _FAST_FILES)
        small = tuple(s for s in sources if s not in fast)
        script, ram = (
            f"board/{name}" if (folder / "board" / name).is_file() else None for name in ("link.ld", "ram.ld")
        )
        return FirmwareProject(folder, small, fast, script, ram)

    @property
    def sources(self) -> list[tuple[str, str]]:
        """(source, optimisation flag) of every file to compile."""
        return [(s, "-Os") for s in self.small] + [(s, "-O2") for s in self.fast]


def write_project(
    folder: Path, platform: Platform, toolchain: Toolchain, model: CompiledModel, phrase: str, detector: DetectorConfig,
    beside: tuple[Content, ...] = (),
) -> FirmwareProject:  # fmt: skip
    """Writes the whole project into ``folder``. ``beside`` are the other models of the firmware.

    Raises:
        InputError: the model does not take the front end's feature frames.
    """
    for compiled in (model, *(part.model for part in beside)):
        require_feature_frames(compiled)
    templates = asset_dir("firmware_templates")
    in_ram = hop_in_ram(platform, model, *(part.model for part in beside))
    fast = in_ram or (platform.memory.code_in_ram and platform.optimize == "speed")
    kernels = kernel_set(model.target, "speed" if fast else model.optimize)
    _copy_core(templates / "core", folder / "core", kernels, model.program.graph.front_end)
    for code in platform.code_folders:
        _copy_sources(code, folder / "board")
    write_board_config(folder / "board", platform)
    _write_flash_read(folder / "board" / "flash_read.h", platform)
    write_audio_block(folder / "board" / "audio_block.h", (model, *(part.model for part in beside)))
    write_sources(model, folder / "model")
    for part in beside:
        write_sources(part.model, folder / "model")
    write_text(folder / "ww_config.c", config_text(model, phrase, detector, beside))
    project = FirmwareProject.of(folder)
    if project.linker_script is not None and in_ram:
        place_hop(folder / project.linker_script)
    shutil.copyfile(make_image.__file__, folder / Path(make_image.__file__).name)
    write_text(folder / "Makefile", render("bare-metal/Makefile.j2", _makefile(project, platform, toolchain, phrase)))
    return project


def _write_flash_read(file: Path, platform: Platform) -> None:
    """Puts the profile's choice into the board's file, if the board has one."""
    choice = platform.chip.flash_read
    if choice is not None and file.is_file():
        text = re.sub(
            r"(?m)^#define FLASH_READ \w+$", f"#define FLASH_READ {FLASH_READS[choice].macro}", file.read_text()
        )
        write_text(file, text)


def write_board_config(folder: Path, platform: Platform) -> None:
    """Writes ``board_config.h``, the pins of the chosen board. A platform with fixed pins has no such file."""
    wiring = platform.wiring
    if wiring is not None:
        values = {
            "title": comment_text(wiring.title),
            "version": __version__,
            "constants": constants(wiring),
            "clock_mhz": platform.chip.clock_hz // 1_000_000,
            "silicon": c_string(platform.silicon),
        }
        write_text(folder / "board_config.h", render("bare-metal/board_config.h.j2", values))


def compile_flags(toolchain: Toolchain) -> list[str]:
    return [*WARNINGS, *toolchain.flags]


def include_flags() -> list[str]:
    return [f"-I{name}" for name in _INCLUDES]


def link_flags(project: FirmwareProject, toolchain: Toolchain, script: str | None = None) -> list[str]:
    """The flags for the project's linker script, or for ``script``."""
    chosen = script or project.linker_script
    return [*toolchain.link_flags, *(["-T", chosen] if chosen else [])]


def _copy_core(core: Path, target: Path, kernels: str, front_end: FrontEnd) -> None:
    """The core with the model's front end, in its version for a set of kernels, in place of the plain one."""
    _copy_sources(core, target)
    chosen = front_end.c_sources(kernels)
    for unused in set(DEFAULT_FRONT_END.c_sources("")) - set(chosen):
        (target / unused).unlink()
        if front_end != DEFAULT_FRONT_END:
            (target / unused).with_suffix(".h").unlink(missing_ok=True)
    for source in (core / name for name in chosen if not (target / name).exists()):
        for path in (source, *source.parent.glob("*.h")):
            shutil.copyfile(path, target / path.name)
    for name, text in front_end.c_settings().items():
        write_text(target / name, text)


def _copy_sources(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.iterdir()):
        if path.suffix in (".c", ".h", ".S", ".ld"):
            shutil.copyfile(path, target / path.name)


def _makefile(project: FirmwareProject, platform: Platform, toolchain: Toolchain, phrase: str) -> dict[str, object]:
    images = () if toolchain.hosted else formats(platform)
    return {
        "title": comment_text(phrase),
        "needed": ", ".join(["make", toolchain.compiler, toolchain.size, *(["python3"] if images else [])]),
        "compiler": toolchain.compiler,
        "images": images,
        "image_options": " ".join(recipe_of(platform).arguments()) if images else "",
        "size": toolchain.size,
        "includes": " ".join(include_flags()),
        "flags": " ".join(compile_flags(toolchain)),
        "link_flags": " ".join(link_flags(project, toolchain)),
        "libraries": " ".join(toolchain.libraries),
        "small": project.small,
        "fast": project.fast,
        "linker_script": project.linker_script,
        "ram_script": project.ram_script if ram_format(platform) else None,
        "ram_link_flags": " ".join(link_flags(project, toolchain, project.ram_script)),
        "ram_image": ram_format(platform),
        "ram_options": " ".join(ram_recipe_of(platform).arguments()),
    }
