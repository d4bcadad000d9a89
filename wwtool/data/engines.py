"""The speech engines that are installed."""

from __future__ import annotations

from wwtool.data.espeak import Espeak
from wwtool.data.festival import Festival
from wwtool.data.flite import Flite
from wwtool.data.synthesizer import Synthesizer


def engines() -> dict[str, Synthesizer]:
    """The engines that are installed, by name; espeak-ng comes with wwtool."""
    found: list[Synthesizer | None] = [Espeak(), Flite.find(), Festival.find()]
    return {engine.name: engine for engine in found if engine is not None}
