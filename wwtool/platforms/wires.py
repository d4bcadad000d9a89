"""What a person connects to a board: each wire with both of its ends, from the profile's pins."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from wwtool.config import Indicator, Microphone, PdmMicrophone
from wwtool.platforms.wiring import Wiring

SUPPLY, GROUND = "3V3", "GND"
Label = Annotated[str, Field(min_length=1, max_length=40)]


class Wire(BaseModel):
    """A wire from a part to a pin of the board."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    part: Label = Field(description="what is connected: a microphone, an LED, a serial adapter")
    end: Label = Field(description="the part's own pin")
    pin: Label = Field(description="the board's pin, as people find it there")
    carries: Literal["signal", "power", "ground"] = "signal"
    on_board: bool = Field(False, description="the part is on the board already")


def wires_of(wiring: Wiring) -> tuple[Wire, ...]:
    """The wires of a chosen board: those of its microphone, then those of its indicator."""
    return (*_microphone(wiring.microphone), *(_indicator(wiring.indicator) if wiring.indicator else ()))


def _microphone(microphone: Microphone) -> tuple[Wire, ...]:
    if isinstance(microphone, PdmMicrophone):
        part, select = "PDM microphone", "SELECT"
        signals = {"CLOCK": microphone.clk, "DATA": microphone.data}
    else:
        part, select = "I2S microphone", "L/R"
        signals = {"SCK": microphone.bclk, "WS": microphone.ws, "SD": microphone.sd}
    if not isinstance(microphone, PdmMicrophone) and microphone.codec is not None:
        master = {} if microphone.mclk is None else {"MCLK": microphone.mclk}
        signals |= {**master, "SDA": microphone.codec.sda, "SCL": microphone.codec.scl}
        part = f"{microphone.codec.chip.upper()} codec"
        return tuple(Wire(part=part, end=end, pin=f"GPIO{pin}", on_board=True) for end, pin in signals.items())
    side = _ground(part, select) if microphone.slot == "left" else _power(part, select)
    data = (Wire(part=part, end=end, pin=f"GPIO{pin}") for end, pin in signals.items())
    return (_power(part, "VDD"), _ground(part, "GND"), side, *data)


def _indicator(indicator: Indicator) -> tuple[Wire, ...]:
    part, pin = "LED with a resistor of 330 Ω", f"GPIO{indicator.pin}"
    if indicator.active == "high":
        return (Wire(part=part, end="long leg (+)", pin=pin), _ground(part, "short leg (-)"))
    return (_power(part, "long leg (+)"), Wire(part=part, end="short leg (-)", pin=pin))


def _power(part: str, end: str) -> Wire:
    return Wire(part=part, end=end, pin=SUPPLY, carries="power")


def _ground(part: str, end: str) -> Wire:
    return Wire(part=part, end=end, pin=GROUND, carries="ground")
