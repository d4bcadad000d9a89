"""CMake: a library to add as a subdirectory, and a program that hears standard input."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.text import for_shell
from wwtool.packages.framework import Framework
from wwtool.packages.package_format import Advice, Content


class CMake(Framework):
    """A CMake project for any machine."""

    name = "cmake"
    stands_alone = True
    products = ("build/*",)

    def trees(self, content: Content) -> dict[str, str]:
        return {self.name: "", "shared/stdin": ""}

    def use(self, project: Path) -> list[Advice]:
        folder, build = for_shell(project), for_shell(project / "build")
        return [Advice("build it", f"cmake -S {folder} -B {build} && cmake --build {build}")]
