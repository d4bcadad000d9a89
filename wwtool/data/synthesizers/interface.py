"""What every speech synthesizer offers: an utterance goes in, int16 at 16 kHz comes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from wwtool.data.audio import Audio


@dataclass(frozen=True)
class Utterance:
    """What to say and how. The same utterance gives the same samples wherever the same synthesizer is installed."""

    text: str
    engine: str  # name of a Synthesizer
    voice: str  # one of its voices
    rate: float = 1.0  # speed; 1 is the voice's own
    pitch: float = 0.5  # 0 low to 1 high
    liveliness: float = 0.5  # how far the pitch moves, 0 to 1

    @property
    def speaker(self) -> str:
        return f"{self.engine}-{self.voice}"


class Synthesizer(ABC):
    """A speech synthesizer.

    Attributes:
        name: its name in the registry.
        title: its name for people.
        recorded: its voices are made of recordings; they sound more natural, and take twenty times longer.
        bundled: wwtool installs it.
        extra: wwtool does not advise installing it beside another one with recorded voices.
        install: the command that installs it.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    recorded: ClassVar[bool] = True
    bundled: ClassVar[bool] = False
    extra: ClassVar[bool] = False
    install: ClassVar[str]

    @classmethod
    @abstractmethod
    def find(cls) -> Synthesizer | None:
        """The installed synthesizer; None if there is none."""

    @abstractmethod
    def voices(self, language: str) -> list[str]:
        """Names of the voices for a language such as ``en-us``; empty if it has none."""

    @abstractmethod
    def speak(self, utterance: Utterance) -> Audio:
        """Speaks an utterance.

        Raises:
            ToolError: the synthesizer failed.
        """
