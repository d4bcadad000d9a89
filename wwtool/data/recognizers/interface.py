"""What every recognizer offers: a clip and a phrase go in, a score comes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from wwtool.data.audio import Audio

Pronunciation = tuple[str, ...]
"""Phonemes in IPA, as espeak-ng writes them, without word boundaries."""


@dataclass(frozen=True)
class SpokenPhrase:
    """A phrase, and the ways to pronounce it, at least one."""

    text: str
    language: str  # such as en-us
    pronunciations: tuple[Pronunciation, ...]


class Recognizer(ABC):
    """An acoustic model that says how well a clip fits a phrase.

    Attributes:
        name: its name in the registry.
        title: its name for people.
        licence: of its model.
        install: the command that installs it.
        clip_seconds: CPU time a clip takes, roughly.
        doubtful: a clip with a lower score may be something else.
        something_else: a clip with a lower score is not the phrase. Hardly any clip of the phrase has one.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    licence: ClassVar[str]
    install: ClassVar[str]
    clip_seconds: ClassVar[float]
    doubtful: ClassVar[float]
    something_else: ClassVar[float]

    @classmethod
    @abstractmethod
    def is_installed(cls) -> bool:
        """Whether its package is there; does not load it."""

    @classmethod
    @abstractmethod
    def hears(cls, language: str) -> bool:
        """Whether it was trained on a language, such as en-us."""

    @abstractmethod
    def __init__(self, phrase: SpokenPhrase) -> None:
        """Loads the model for a phrase.

        Raises:
            ToolError: the model is missing or damaged.
            InputError: the phrase has no sound that the model knows.
        """

    @abstractmethod
    def score(self, clip: Audio) -> float:
        """How well int16 at 16 kHz fits the phrase, 0 to 1."""
