"""How a board is wired: the microphone's and the indicator's pins, as data that is checked and rendered.

A platform's profile says which pins its chip has and holds presets of common boards; a user's config picks a preset and
may replace its parts.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from wwtool.config import GAIN_STEP_DB, BoardConfig, Indicator, Microphone, PdmMicrophone, Pin
from wwtool.errors import InputError, UsageError

_NO_PIN = 255


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Preset(_Section):
    """A board that people buy."""

    title: str
    source: str = Field(description="where its pins are from")
    microphone: Microphone
    indicator: Indicator | None = None


class ChipPins(_Section):
    """The pins of a chip, and which of them a board may use."""

    count: int = Field(ge=1, le=255)
    absent: tuple[Pin, ...] = ()
    memory: tuple[Pin, ...] = Field((), description="those of flash and PSRAM")
    console: tuple[Pin, ...] = ()
    strapping: tuple[Pin, ...] = Field((), description="read at reset; what is wired to them must not pull them")


class Wiring(_Section):
    """A chosen board."""

    preset: str
    title: str
    source: str
    microphone: Microphone
    indicator: Indicator | None

    @property
    def pins(self) -> dict[str, int]:
        """Pins by the key that gives them."""
        pins = dict(_numbers("microphone", self.microphone))
        return pins | ({"indicator.pin": self.indicator.pin} if self.indicator else {})


def _numbers(path: str, section: BaseModel) -> Iterator[tuple[str, int]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _numbers(f"{path}.{name}", value)
        elif isinstance(value, int) and name != "gain_db":
            yield f"{path}.{name}", value


def choose(platform: str, presets: dict[str, Preset], config: BoardConfig) -> Wiring:
    """The preset of a config, or the platform's first, with what the config puts in its place.

    Raises:
        UsageError: there is no such preset.
    """
    name = config.preset or next(iter(presets))
    if name not in presets:
        close = difflib.get_close_matches(name, presets, 1)
        hint = f"did you mean '{close[0]}'?" if close else f"there are {', '.join(presets)}"
        raise UsageError(f"{platform} has no board '{name}'; {hint}")
    preset = presets[name]
    changed = config.microphone is not None or config.indicator is not None
    return Wiring(
        preset=name,
        title=f"{preset.title}, changed by the config" if changed else preset.title,
        source=preset.source,
        microphone=config.microphone or preset.microphone,
        indicator=config.indicator or preset.indicator,
    )


def check(wiring: Wiring, pins: ChipPins) -> None:
    """Every pin exists, is free, and has one use.

    Raises:
        InputError: one does not.
    """
    users: dict[int, str] = {}
    for key, pin in wiring.pins.items():
        where = f"board.{key}: GPIO{pin}"
        if pin >= pins.count or pin in pins.absent:
            raise InputError(f"{where} does not exist on this chip; choose one of 0 to {pins.count - 1}")
        if pin in pins.memory:
            raise InputError(f"{where} belongs to the flash or the PSRAM; choose another pin")
        if pin in pins.console:
            raise InputError(f"{where} belongs to the console; choose another pin")
        if pin in users:
            raise InputError(f"{where} is already board.{users[pin]}; give each its own pin")
        users[pin] = key


def strapping_warnings(config: BoardConfig, wiring: Wiring, pins: ChipPins) -> list[str]:
    """Warnings about pins that the chip reads at reset, if the user has chosen them. Presets are known to work."""
    chosen = [name for name in ("microphone", "indicator") if getattr(config, name) is not None]
    return [
        f"board.{key}: the chip reads GPIO{pin} at reset; see that nothing wired to it pulls it then"
        for key, pin in wiring.pins.items()
        if pin in pins.strapping and key.split(".")[0] in chosen
    ]


def wiring_lines(wiring: Wiring) -> list[str]:
    """What to connect to what, for a person."""
    microphone = wiring.microphone
    if isinstance(microphone, PdmMicrophone):
        mic = f"PDM microphone: clock GPIO{microphone.clk}, data GPIO{microphone.data}, {microphone.slot} slot"
    else:
        clocks = f"BCLK GPIO{microphone.bclk}, WS GPIO{microphone.ws}, SD GPIO{microphone.sd}"
        mic = f"I2S microphone: {clocks}, {microphone.slot} slot"
        if microphone.codec is not None:
            c = microphone.codec
            mclk = "" if microphone.mclk is None else f", MCLK GPIO{microphone.mclk}"
            mic = f"{c.chip.upper()} codec: {clocks}{mclk}, SDA GPIO{c.sda}, SCL GPIO{c.scl}, {microphone.slot} slot"
    if wiring.indicator is None:
        return [mic, "no indicator"]
    return [mic, f"indicator: GPIO{wiring.indicator.pin}, active {wiring.indicator.active}"]


@dataclass(frozen=True)
class Constant:
    """A line of board_config.h."""

    name: str
    value: str
    comment: str = ""


def constants(wiring: Wiring) -> list[Constant]:
    """What board_config.h says: the same names for every board, NONE where there is no such pin."""
    microphone, indicator = wiring.microphone, wiring.indicator
    pdm = isinstance(microphone, PdmMicrophone)
    pins: dict[str, int | None] = dict.fromkeys(("BCLK", "MCLK", "SDA", "SCL"))
    codec = "none"
    if isinstance(microphone, PdmMicrophone):
        pins |= {"WS": microphone.clk, "SD": microphone.data}
    else:
        pins |= {"BCLK": microphone.bclk, "WS": microphone.ws, "SD": microphone.sd, "MCLK": microphone.mclk}
        if microphone.codec is not None:
            codec = microphone.codec.chip
            pins |= {"SDA": microphone.codec.sda, "SCL": microphone.codec.scl}
    pins["INDICATOR"] = indicator.pin if indicator else None
    comments = {"WS": "of PDM: its clock", "SD": "of PDM: its data"} if pdm else {}
    return [
        Constant("BOARD_PIN_NONE", str(_NO_PIN)),
        *(
            Constant(f"BOARD_PIN_{name}", "BOARD_PIN_NONE" if pin is None else str(pin), comments.get(name, ""))
            for name, pin in sorted(pins.items())
        ),
        Constant("BOARD_INDICATOR_IS_LOW", str(int(indicator is not None and indicator.active == "low"))),
        Constant("BOARD_MICROPHONE_IS_PDM", str(int(pdm))),
        Constant("BOARD_MICROPHONE_IS_RIGHT", str(int(microphone.slot == "right"))),
        Constant("BOARD_MICROPHONE_GAIN_BITS", str(microphone.gain_db // GAIN_STEP_DB), f"{GAIN_STEP_DB} dB each"),
        *(Constant(f"BOARD_CODEC_{name}", str(value)) for value, name in enumerate(("NONE", "ES7210", "ES8311"))),
        Constant("BOARD_CODEC", f"BOARD_CODEC_{codec.upper()}"),
    ]
