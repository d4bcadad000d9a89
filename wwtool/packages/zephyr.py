"""Zephyr: a module, and an application that reads the board's PDM microphone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wwtool.base.text import for_shell
from wwtool.packages.framework import BoardFramework
from wwtool.packages.package_format import Advice, Content
from wwtool.packages.sdk import Sdk


class Zephyr(BoardFramework):
    """The microphone is whatever the board's devicetree calls ``dmic_dev``."""

    name = "zephyr"
    library = "wakeword/src"
    products = ("build/*",)
    sdk = Sdk("Zephyr", "ZEPHYR_BASE", "VERSION", "4.1")

    def values(self, content: Content) -> dict[str, Any]:
        return {"board": self.sdk_board(content.platform).board, "oldest": self.sdk.oldest}

    def compile(self, sdk: Sdk, project: Path, build: Path, content: Content) -> dict[str, Path]:
        board = self.sdk_board(content.platform).board
        sdk.run(["cmake", "-S", project / "listen", "-B", build, f"-DBOARD={board}"], project)
        sdk.run(["cmake", "--build", build, "-j", "2"], project)
        return {"elf": build / "zephyr" / "zephyr.elf"}

    def use(self, project: Path) -> list[Advice]:
        return [
            Advice(
                "build it", f"west build -b BOARD {for_shell(project / 'listen')}   (README.md has the board's name)"
            ),
            Advice("flash", "west flash"),
        ]
