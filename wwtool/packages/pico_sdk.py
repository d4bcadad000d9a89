"""The Raspberry Pi Pico SDK: a project for the RP2040 and the RP2350."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wwtool.base.text import for_shell
from wwtool.packages.framework import BoardFramework
from wwtool.packages.package_format import Advice, Content


class PicoSdk(BoardFramework):
    """Consoles on USB and UART; a microphone at the ADC, or one that speaks I2S, by PIO."""

    name = "pico-sdk"
    library = "wakeword/src"
    products = ("build/*",)
    oldest = "1.5.0"

    def values(self, content: Content) -> dict[str, Any]:
        return {"board": self.sdk_board(content.platform).board, "oldest": self.oldest}

    def use(self, project: Path) -> list[Advice]:
        folder, build = for_shell(project), for_shell(project / "build")
        return [
            Advice("build it", f"cmake -S {folder} -B {build} && cmake --build {build}"),
            Advice("flash", f"hold BOOTSEL, plug the board in, and copy {build}/*.uf2 to its drive"),
        ]
