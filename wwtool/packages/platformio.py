"""PlatformIO: a project with the wake word as a library, on the Arduino core of the board."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wwtool.base.text import for_shell
from wwtool.errors import UsageError
from wwtool.packages.arduino import Arduino, architecture_of, board_values, microphone_tree, write_sketch
from wwtool.packages.framework import BoardFramework
from wwtool.packages.package_format import Advice, Content
from wwtool.platforms.profile import Platform


class PlatformIo(BoardFramework):
    """The sketch is the one of the Arduino library."""

    name = "platformio"
    library = "lib/wakeword/src"
    products = (".pio/*", ".vscode/*", ".gitignore")

    def require_platform(self, platform: Platform) -> None:
        super().require_platform(platform)
        if Arduino.name not in platform.sdk_boards:
            raise UsageError(
                f"{platform.file} names no board for {Arduino.name} under sdk_boards, whose core this needs"
            )
        microphone_tree(platform)

    def trees(self, content: Content) -> dict[str, str]:
        return {"platformio/project": "", f"platformio/environments/{architecture_of(content.platform)}": ""}

    def values(self, content: Content) -> dict[str, Any]:
        return {**board_values(content.platform), "board": self.sdk_board(content.platform).board}

    def render(self, folder: Path, content: Content) -> None:
        super().render(folder, content)
        write_sketch(folder / "src", "main.cpp", content, self.values(content))

    def use(self, project: Path) -> list[Advice]:
        return [Advice("flash", f"pio run -d {for_shell(project)} -t upload")]
