"""What the formats for frameworks share: the library of plain C, and templates around it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, ClassVar

from wwtool.base.files import write_bytes
from wwtool.compiler.package import COMPILER_FLAG
from wwtool.errors import UsageError
from wwtool.packages.library import library_values, write_library
from wwtool.packages.package_format import Content, Image, PackageFormat
from wwtool.packages.programs import require_programs
from wwtool.packages.rendering import write_tree
from wwtool.packages.sdk import Sdk, elf_sizes
from wwtool.platforms.profile import Platform, SdkBoard


class Framework(PackageFormat):
    """A project of templates around the library.

    Attributes:
        library: the folder of the library's sources in the project.
        sdk: what can build the project, where it is installed.
    """

    library: ClassVar[str] = "src"
    sdk: ClassVar[Sdk | None] = None

    def require_tools(self, platform: Platform) -> str:
        return self.sdk.version() if self.sdk else ""

    def check(self, content: Content) -> None:
        require_programs(content)

    def render(self, folder: Path, content: Content) -> None:
        sources = self.write_sources(folder / self.library, content)
        values = {
            **library_values(content),
            "sources": sources,
            "flag": COMPILER_FLAG,
            **self.values(content),
        }
        for tree, place in self.trees(content).items():
            write_tree(tree, folder / place, values)

    def build(self, folder: Path, content: Content, objects: Path, out: Path) -> Image | None:
        if self.sdk is None or not self.sdk.version():
            return None
        project = objects.resolve() / "project"  # an SDK may write into it
        shutil.copytree(folder, project)
        made = self.compile(self.sdk, project, objects.resolve() / "sdk", content)
        files = {kind: out / f"{content.name}.{kind}" for kind in made}
        for kind, path in made.items():
            write_bytes(files[kind], path.read_bytes())
        return Image(files, elf_sizes(files["elf"], content), whole=True)

    def compile(self, sdk: Sdk, project: Path, build: Path, content: Content) -> dict[str, Path]:
        """Builds a copy of the project with the SDK; returns the files that a user wants, by kind, with the ELF.

        Raises:
            ToolError: the build failed.
        """
        raise NotImplementedError

    def write_sources(self, folder: Path, content: Content) -> list[str]:
        """Writes the library's sources; returns the names of those to compile."""
        return write_library(folder, content)

    def trees(self, content: Content) -> dict[str, str]:
        """The folders of templates, each with its place in the project."""
        return {self.name: ""}

    def values(self, content: Content) -> dict[str, Any]:
        """What the templates use beside the values of the library."""
        return {}

    def sdk_board(self, platform: Platform) -> SdkBoard:
        """The platform's board as this framework names it.

        Raises:
            UsageError: the profile does not say.
        """
        if self.name not in platform.sdk_boards:
            raise UsageError(
                f"{platform.file} does not say how {self.name} names the board; add it under sdk_boards, or choose "
                "cmake or makefile"
            )
        return platform.sdk_boards[self.name]


class BoardFramework(Framework):
    """A framework that must know the board by its own name."""

    def require_platform(self, platform: Platform) -> None:
        super().require_platform(platform)
        self.sdk_board(platform)
