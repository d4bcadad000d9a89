"""The registry of speaker encoders: the one place that names them all."""

from __future__ import annotations

from functools import cache

from wwtool.data.speaker_embedding.interface import SpeakerEncoder
from wwtool.data.speaker_embedding.resemblyzer import Resemblyzer

_CLASSES: tuple[type[SpeakerEncoder], ...] = (Resemblyzer,)
ENCODERS = {encoder.name: encoder for encoder in _CLASSES}


@cache
def installed_encoder() -> SpeakerEncoder | None:
    """The first encoder that is installed; None if none is.

    Raises:
        ToolError: it is there but damaged.
    """
    return next((found for encoder in ENCODERS.values() if (found := encoder.find()) is not None), None)
