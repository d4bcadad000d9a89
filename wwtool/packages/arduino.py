"""Arduino: a library with a sketch that reads the board's microphone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wwtool.base.text import for_shell
from wwtool.compiler.package import library_name
from wwtool.config import GAIN_STEP_DB, PdmMicrophone
from wwtool.errors import UsageError
from wwtool.frontend.geometry import MICRO
from wwtool.packages.framework import BoardFramework
from wwtool.packages.package_format import Advice, Content
from wwtool.packages.rendering import Outside, write_tree
from wwtool.platforms.profile import Platform
from wwtool.platforms.wiring import wiring_lines

_SKETCH = "Listen"
_MOST_SAMPLES = MICRO.step_samples  # of one call of microphone_read


def architecture_of(platform: Platform) -> str:
    """The Arduino core of the platform's board: the second word of its full name, such as rp2040."""
    return platform.sdk_boards[Arduino.name].board.split(":")[1]


def microphone_tree(platform: Platform) -> str:
    """The folder of templates with the board's microphone.

    Raises:
        UsageError: the microphone is behind a codec, which no Arduino library of the core sets up.
    """
    wiring, name = platform.wiring, architecture_of(platform)
    if wiring is not None:
        if not isinstance(wiring.microphone, PdmMicrophone) and wiring.microphone.codec is not None:
            chip = wiring.microphone.codec.chip.upper()
            raise UsageError(
                f"the microphone of {wiring.title} is behind an {chip}, which Arduino's core does not set up; choose "
                "esp-idf, or another board"
            )
        name += f"_{wiring.microphone.interface}"
    return f"arduino/microphones/{name}"


def board_values(platform: Platform) -> dict[str, Any]:
    """What the templates of microphone and LED use."""
    values: dict[str, Any] = {
        "board_title": Outside(platform.title),
        "indicator_pin": "LED_BUILTIN",
        "indicator_low": False,
        "microphone_note": "The microphone and the LED are the board's own, or an analogue microphone on A0.",
        "most_samples": _MOST_SAMPLES,
    }
    wiring = platform.wiring
    if wiring is not None:
        microphone = wiring.microphone
        pins = {key.removeprefix("microphone."): pin for key, pin in wiring.pins.items()}
        values |= {
            "board_title": Outside(wiring.title),
            "microphone_note": "; ".join(wiring_lines(wiring)) + ".",
            "pins": {"mclk": -1, **pins},
            "slot": microphone.slot,
            "gain_bits": microphone.gain_db // GAIN_STEP_DB,
        }
        if wiring.indicator is not None:
            values |= {"indicator_pin": wiring.indicator.pin, "indicator_low": wiring.indicator.active == "low"}
    return values


def write_sketch(folder: Path, name: str, content: Content, values: dict[str, Any]) -> None:
    """Writes the sketch under a file name, with its microphone beside it."""
    write_tree("arduino/sketch", folder, values)
    write_tree(microphone_tree(content.platform), folder, values)
    (folder / "sketch.cpp").rename(folder / name)


class Arduino(BoardFramework):
    """A library as the Arduino IDE and arduino-cli take it, with its sketch as an example."""

    name = "arduino"
    products = ("build/*",)

    def require_platform(self, platform: Platform) -> None:
        super().require_platform(platform)
        microphone_tree(platform)

    def trees(self, content: Content) -> dict[str, str]:
        return {"arduino/library": ""}

    def values(self, content: Content) -> dict[str, Any]:
        return {
            **board_values(content.platform),
            "board": self.sdk_board(content.platform).board,
            "architecture": architecture_of(content.platform),
            "library_name": library_name(content.phrase),
        }

    def render(self, folder: Path, content: Content) -> None:
        super().render(folder, content)
        values = self.values(content)
        write_sketch(folder / "examples" / _SKETCH, f"{_SKETCH}.ino", content, values)

    def use(self, project: Path) -> list[Advice]:
        folder, sketch = for_shell(project), for_shell(project / "examples" / _SKETCH)
        return [
            Advice("build it", f"arduino-cli compile --fqbn BOARD --library {folder} {sketch}"),
            Advice("or", f"copy {folder} into the folder libraries of the Arduino IDE, and open its example {_SKETCH}"),
        ]
