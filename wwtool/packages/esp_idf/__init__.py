"""ESP-IDF: the wake word as a component, and a project that reads the board's microphone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wwtool.base.text import for_shell
from wwtool.config import GAIN_STEP_DB, PdmMicrophone
from wwtool.errors import UsageError
from wwtool.packages.framework import BoardFramework
from wwtool.packages.package_format import Advice, Content
from wwtool.packages.rendering import Outside
from wwtool.packages.sdk import Sdk
from wwtool.platforms.profile import Platform
from wwtool.platforms.wiring import Wiring

_MEGABYTE = 1 << 20
_NO_PIN = -1
_OLDEST_WITH_CODEC = "5.2"  # the first with the I2C driver that esp_codec_dev takes
_CODEC_SETTINGS = {
    "es7210": (".mic_selected = ES7210_SEL_MIC1 | ES7210_SEL_MIC2",),
    "es8311": (".codec_mode = ESP_CODEC_DEV_WORK_MODE_ADC", ".pa_pin = -1", ".use_mclk = CONFIG_WAKEWORD_MCLK >= 0"),
}


@dataclass(frozen=True)
class Dependency:
    """A component of Espressif's registry."""

    name: str
    version: str


@dataclass(frozen=True)
class PinOption:
    """A number of the menu "Wake word board"."""

    name: str
    title: str
    low: int
    high: int
    value: int


class EspIdf(BoardFramework):
    """A project for ESP-IDF 5 and 6, whose I2S driver it uses."""

    name = "esp-idf"
    library = "components/wakeword/src"
    products = ("build/*", "sdkconfig", "sdkconfig.old", "dependencies.lock", "managed_components/*")
    sdk = Sdk("ESP-IDF", "IDF_PATH", "tools/cmake/version.cmake", "5.1")

    def require_platform(self, platform: Platform) -> None:
        super().require_platform(platform)
        if platform.wiring is None:
            raise UsageError(
                f"{platform.file} has no boards with pins, which {self.name} needs; choose another platform"
            )

    def trees(self, content: Content) -> dict[str, str]:
        return {"esp-idf/project": "", f"esp-idf/{_kind(_wiring(content))}": ""}

    def values(self, content: Content) -> dict[str, Any]:
        platform, wiring = content.platform, _wiring(content)
        microphone, board = wiring.microphone, self.sdk_board(platform)
        codec = None if isinstance(microphone, PdmMicrophone) else microphone.codec
        reserve = platform.framework_reserve.get(self.name)
        return {
            "target": board.board,
            "options": board.options,
            "oldest": _OLDEST_WITH_CODEC if codec else self.sdk.oldest,
            "flash_megabytes": platform.memory.flash_bytes // _MEGABYTE,
            "slot": hex((reserve and reserve.slot_bytes) or platform.budget.flash_bytes),
            "board": Outside(wiring.title),
            "pins": _pins(wiring, platform.pins.count - 1 if platform.pins else 0),
            "right": microphone.slot == "right",
            "indicator_low": wiring.indicator is not None and wiring.indicator.active == "low",
            "codec": codec.chip if codec else "",
            "codec_settings": _CODEC_SETTINGS[codec.chip] if codec else (),
            "dependencies": [Dependency("espressif/esp_codec_dev", "^1.3.4")] if codec else [],
            "library_dependencies": self.library_dependencies(),
            "drivers": ["gpio", "i2s", *(["i2c"] if codec else [])],
        }

    def compile(self, sdk: Sdk, project: Path, build: Path, content: Content) -> dict[str, Path]:
        sdk.run(["idf.py", "-C", project, "-B", build, "build"], project)
        return {"elf": build / f"{content.name}.elf"}

    def library_dependencies(self) -> list[Dependency]:
        """What the component of the wake word needs of Espressif's registry."""
        return []

    def use(self, project: Path) -> list[Advice]:
        return [Advice("flash", f"idf.py -C {for_shell(project)} build flash monitor")]


def _wiring(content: Content) -> Wiring:
    wiring = content.platform.wiring
    assert wiring is not None  # require_platform has seen to it
    return wiring


def _kind(wiring: Wiring) -> str:
    """The folder of templates with the microphone."""
    microphone = wiring.microphone
    if isinstance(microphone, PdmMicrophone):
        return microphone.interface
    return "codec" if microphone.codec else microphone.interface


def _pins(wiring: Wiring, highest: int) -> list[PinOption]:
    microphone, indicator = wiring.microphone, wiring.indicator
    rows: list[tuple[str, str, int | None]]
    if isinstance(microphone, PdmMicrophone):
        rows = [("WS", "clock of the microphone", microphone.clk), ("SD", "data of the microphone", microphone.data)]
    else:
        rows = [
            ("BCLK", "bit clock of the microphone", microphone.bclk),
            ("WS", "word select of the microphone", microphone.ws),
            ("SD", "data of the microphone", microphone.sd),
            ("MCLK", "master clock, -1 for none", microphone.mclk),
        ]
        if microphone.codec:
            rows += [("SDA", "data of I2C", microphone.codec.sda), ("SCL", "clock of I2C", microphone.codec.scl)]
    rows.append(("INDICATOR", "light that shows a detection, -1 for none", indicator.pin if indicator else None))
    options = [
        PinOption(name, f"GPIO of the {title}", _NO_PIN, highest, _NO_PIN if pin is None else pin)
        for name, title, pin in rows
    ]
    gain = microphone.gain_db // GAIN_STEP_DB
    return [*options, PinOption("GAIN_BITS", f"Gain of the microphone, in steps of {GAIN_STEP_DB} dB", 0, 8, gain)]
