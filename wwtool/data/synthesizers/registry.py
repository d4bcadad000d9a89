"""The registry of synthesizers: the one place that names them all."""

from __future__ import annotations

from wwtool.data.synthesizers.espeak import Espeak
from wwtool.data.synthesizers.festival import Festival
from wwtool.data.synthesizers.flite import Flite
from wwtool.data.synthesizers.interface import Synthesizer
from wwtool.data.synthesizers.kokoro import Kokoro

_CLASSES: tuple[type[Synthesizer], ...] = (Espeak, Flite, Festival, Kokoro)
SYNTHESIZERS = {synthesizer.name: synthesizer for synthesizer in _CLASSES}


def installed_synthesizers() -> dict[str, Synthesizer]:
    """The synthesizers that are installed, by name."""
    synthesizers = {name: synthesizer.find() for name, synthesizer in SYNTHESIZERS.items()}
    return {name: synthesizer for name, synthesizer in synthesizers.items() if synthesizer is not None}
