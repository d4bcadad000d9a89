"""Bare metal: a C project with a Makefile that needs no framework, and the images that are made of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from wwtool.base.text import for_shell
from wwtool.device.flash.tools import usual_tool
from wwtool.errors import UsageError
from wwtool.firmware.image_formats import MADE, RAM_IMAGES
from wwtool.firmware.toolchains import find_toolchain
from wwtool.packages.bare_metal.image import build_image
from wwtool.packages.bare_metal.project import FirmwareProject, write_project
from wwtool.packages.bare_metal.ram_image import ram_image
from wwtool.packages.package_format import Advice, Content, Image, PackageFormat
from wwtool.packages.programs import require_programs
from wwtool.platforms.profile import Platform


class BareMetal(PackageFormat):
    """Portable C, the board's own code and the compiled model. The project has a Makefile that builds it as it is."""

    name = "bare-metal"
    stands_alone = True
    products = ("build/*.o", "build/*.d", *(f"firmware.{kind}" for kind in ("elf", *MADE, "ram.elf", *RAM_IMAGES)))

    def require_platform(self, platform: Platform) -> None:
        if not platform.has_board:
            raise UsageError(f"wwtool cannot build for {platform.name} yet; 'wwtool platforms' shows what it can build")

    def require_tools(self, platform: Platform) -> str:
        return find_toolchain(platform).version()

    def check(self, content: Content) -> None:
        require_programs(content)

    def render(self, folder: Path, content: Content) -> None:
        toolchain = find_toolchain(content.platform)
        platform, detector = content.platform, content.detector
        write_project(folder, platform, toolchain, content.model, content.phrase, detector, content.beside)

    def build(self, folder: Path, content: Content, objects: Path, out: Path) -> Image:
        toolchain = find_toolchain(content.platform)
        parts = (FirmwareProject.of(folder), content.platform, toolchain, objects, out, content.name)
        image = build_image(*parts)
        return replace(image, files={**image.files, **ram_image(*parts)})

    def main_file(self, platform: Platform, files: dict[str, Path]) -> Path:
        tool = usual_tool(platform)
        return tool.image_of(files) if tool else files["elf"]

    def by_hand(self, platform: Platform, files: dict[str, Path]) -> str | None:
        tool = usual_tool(platform)
        return tool.by_hand(platform, tool.image_of(files)) if tool else None

    def use(self, project: Path) -> list[Advice]:
        return [Advice("build it", f"make -C {for_shell(project)}")]

    def advice(self, platform: Platform, build: Path, files: dict[str, Path]) -> list[Advice]:
        line = self.by_hand(platform, files)
        if line is not None:
            return [Advice("flash", f"wwtool flash {for_shell(build)}"), Advice("by hand", line)]
        runs = [Advice("run it", command) for command in run_commands(platform, files["elf"])]
        return [Advice("program", str(files["elf"])), *runs]


def run_commands(platform: Platform, program: Path) -> list[str]:
    """What starts a Linux program, in order; nothing for other firmware. See docs/linux.md for the options."""
    if not platform.is_linux:
        return []
    quoted = for_shell(program)
    if platform.core.is_this_machine:
        return [quoted if "/" in quoted else f"./{quoted}"]
    return [f"scp {quoted} pi@raspberrypi.local:", f"ssh -t pi@raspberrypi.local ./{for_shell(Path(program.name))}"]
