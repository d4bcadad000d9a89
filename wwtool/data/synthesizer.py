"""What the speech synthesisers have in common: an utterance goes in, int16 at 16 kHz comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from wwtool.data.audio import Audio


@dataclass(frozen=True)
class Utterance:
    """What to say and how; the same utterance gives the same samples wherever the same engine is installed."""

    text: str
    engine: str  # name of a Synthesizer
    voice: str  # one of its voices
    rate: float = 1.0  # speed, 1 is the voice's own
    pitch: float = 0.5  # 0 low to 1 high
    liveliness: float = 0.5  # how far the pitch moves, 0 to 1

    @property
    def speaker(self) -> str:
        return f"{self.engine}-{self.voice}"


class Synthesizer(Protocol):
    """A speech engine."""

    @property
    def name(self) -> str: ...

    def voices(self, language: str) -> list[str]:
        """Names of voices for a language such as ``en-us``; empty if it has none."""
        ...

    def speak(self, utterance: Utterance) -> Audio:
        """Says it.

        Raises:
            ToolError: the engine failed.
        """
        ...
