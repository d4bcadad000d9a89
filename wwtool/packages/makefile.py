"""A Makefile: a static library, and a program that hears standard input."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.text import for_shell
from wwtool.packages.framework import Framework
from wwtool.packages.package_format import Advice, Content


class Makefile(Framework):
    """A project for any compiler that has the options of GCC."""

    name = "makefile"
    stands_alone = True
    products = ("build/*", "listen", "libwakeword.a")

    def trees(self, content: Content) -> dict[str, str]:
        return {self.name: "", "shared/stdin": ""}

    def use(self, project: Path) -> list[Advice]:
        return [Advice("build it", f"make -C {for_shell(project)}")]
