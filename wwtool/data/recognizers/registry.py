"""The registry of recognizers: the one place that names them all, the quickest first."""

from __future__ import annotations

from wwtool.data.recognizers.interface import Recognizer
from wwtool.data.recognizers.pocketsphinx import PocketSphinx
from wwtool.data.recognizers.whisper import Whisper

_CLASSES: tuple[type[Recognizer], ...] = (PocketSphinx, Whisper)
RECOGNIZERS = {recognizer.name: recognizer for recognizer in _CLASSES}


def recognizers_for(language: str) -> list[type[Recognizer]]:
    """The installed recognizers that hear a language, the quickest first."""
    return [r for r in RECOGNIZERS.values() if r.hears(language) and r.is_installed()]
