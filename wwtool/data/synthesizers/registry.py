"""The registry of synthesizers: the one place that names them all."""

from __future__ import annotations

from wwtool.config.synth import CommandVoices
from wwtool.data.synthesizers.clips import Clips
from wwtool.data.synthesizers.command import Command
from wwtool.data.synthesizers.espeak import Espeak
from wwtool.data.synthesizers.festival import Festival
from wwtool.data.synthesizers.flite import Flite
from wwtool.data.synthesizers.hibari import Hibari
from wwtool.data.synthesizers.interface import Synthesizer
from wwtool.data.synthesizers.kokoro import Kokoro
from wwtool.data.synthesizers.piper import Piper

_CLASSES: tuple[type[Synthesizer], ...] = (Espeak, Flite, Festival, Kokoro, Piper, Hibari, Clips, Command)
SYNTHESIZERS = {synthesizer.name: synthesizer for synthesizer in _CLASSES}


def installed_synthesizers(commands: tuple[CommandVoices, ...] = ()) -> dict[str, Synthesizer]:
    """The synthesizers that are installed, and the programs of a config, by name.

    Raises:
        InputError: a voice is damaged.
    """
    synthesizers = {name: synthesizer.find() for name, synthesizer in SYNTHESIZERS.items()}
    if commands:
        synthesizers[Command.name] = Command(commands)
    return {name: synthesizer for name, synthesizer in synthesizers.items() if synthesizer is not None}
