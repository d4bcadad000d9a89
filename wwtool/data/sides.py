"""What is for training and what for evaluation among synthetic voices and texts, and how their clips are cut."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from wwtool.data.audio import Audio
from wwtool.data.synthesizers.interface import Utterance

HELD_OUT = 7
"""One synthetic voice in so many is kept for evaluation."""
_TEXTS_HELD_OUT = 4


def held_out(utterance: Utterance) -> bool:
    """Whether the voice is for evaluation. Its name decides, so that all accents of a variant go together."""
    voice = utterance.voice.rpartition("+")[2]
    return _digest(f"{utterance.engine} {voice}") % HELD_OUT == 0


def of_side(texts: Sequence[str], evaluation: bool) -> list[str]:
    """One text in four for evaluation, the others for training; all of them where one side would have none."""
    chosen = [text for text in texts if (_digest(text) % _TEXTS_HELD_OUT == 0) == evaluation]
    return chosen or list(texts)


def trim(clip: Audio) -> Audio:
    """Cuts the silence around synthetic speech, leaving 25 ms."""
    level = np.abs(clip.astype(np.int32))
    loud = np.flatnonzero(level > 0.03 * level.max(initial=0))
    return clip[max(0, loud[0] - 400) : loud[-1] + 400] if loud.size else clip


def _digest(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0]
