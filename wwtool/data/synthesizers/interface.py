"""What every speech synthesizer offers: an utterance goes in, int16 at 16 kHz comes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar

from wwtool.base.files import hash_of
from wwtool.data.audio import Audio
from wwtool.data.shaping import Shape


@dataclass(frozen=True)
class Utterance:
    """What to say and how. The same utterance gives the same samples wherever the same synthesizer is installed.

    Attributes:
        text: what to say.
        engine: name of a Synthesizer.
        voice: one of its voices.
        rate: speed; 1 is the voice's own.
        pitch: 0 low to 1 high, for voices that are computed.
        liveliness: how far the pitch moves, 0 to 1, for voices that are computed.
        accent: language or accent of espeak-ng in which phones are read; "" for the voice's own.
        phonemes: the pronunciation, as ``texts.pronunciations`` writes it; "" for the accent's.
        mix: other voices of a blend with their weights; the voice itself has the rest of 1.
        prosody: the voice whose melody and rhythm it borrows; "" for its own.
        shape: how the voice is changed afterwards.
    """

    text: str
    engine: str
    voice: str
    rate: float = 1.0
    pitch: float = 0.5
    liveliness: float = 0.5
    accent: str = ""
    phonemes: str = ""
    mix: tuple[tuple[str, float], ...] = ()
    prosody: str = ""
    shape: Shape = field(default=Shape())

    @property
    def speaker(self) -> str:
        """Who speaks, as the name of a folder: a blend or a changed voice is another speaker."""
        who = (self.mix, self.prosody, asdict(self.shape.speaker))
        changed = self.mix or self.prosody or self.shape.speaker != Shape()
        return f"{self.engine}-{self.voice}" + (f"-{hash_of(*who)[:8]}" if changed else "")

    @property
    def voices(self) -> tuple[str, ...]:
        """All voices that can be heard in it."""
        return (self.voice, *(name for name, _ in self.mix), *([self.prosody] if self.prosody else []))

    def facts(self) -> dict[str, Any]:
        """What makes it another utterance; fields that came later are left out where they have their defaults."""
        later = ("accent", "phonemes", "mix", "prosody", "shape")
        plain = {entry.name for entry in fields(self) if getattr(self, entry.name) == entry.default}
        return {name: value for name, value in asdict(self).items() if name not in plain.intersection(later)}


class Synthesizer(ABC):
    """A speech synthesizer.

    Attributes:
        name: its name in the registry.
        title: its name for people.
        recorded: its voices are made of recordings; they sound more natural, and take twenty times longer.
        bundled: wwtool installs it.
        extra: wwtool does not advise installing it beside another one with recorded voices.
        install: the command that installs it.
        licence: of the program and its voices.
        natural: its voices are learnt from people and sound like them; it is a ``NaturalSynthesizer``.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    recorded: ClassVar[bool] = True
    bundled: ClassVar[bool] = False
    extra: ClassVar[bool] = False
    install: ClassVar[str]
    licence: ClassVar[str] = "not stated"
    natural: ClassVar[bool] = False

    @property
    def licences(self) -> Mapping[str, str]:
        """The licence of each installed set of voices; where the program brings them, its own."""
        return {self.title: self.licence}

    @classmethod
    @abstractmethod
    def find(cls) -> Synthesizer | None:
        """The installed synthesizer; None if there is none.

        Raises:
            InputError: a voice of it is damaged.
        """

    @abstractmethod
    def voices(self, language: str) -> list[str]:
        """Names of the voices for a language such as ``en-us``; empty if it has none."""

    @abstractmethod
    def speak(self, utterance: Utterance) -> Audio:
        """Speaks an utterance, without its shape.

        Raises:
            ToolError: the synthesizer failed.
        """


class NaturalSynthesizer(Synthesizer):
    """A synthesizer whose voices are learnt from people.

    Attributes:
        speed: seconds of speech that a second of one CPU makes.
        blends: whether its voices can be mixed.
        speaks_abroad: whether a voice speaks other languages too, with its accent.
    """

    natural = True
    speed: ClassVar[float]
    blends: ClassVar[bool] = False
    speaks_abroad: ClassVar[bool] = False

    @property
    @abstractmethod
    def speakers(self) -> Mapping[str, str]:
        """The language of each voice, such as ``en-gb``."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """Another one means that there are other voices, or that some speak otherwise."""

    def fingerprint_of(self, utterance: Utterance) -> str:
        """Another one means that the utterance may have other samples."""
        return self.fingerprint

    def can_say(self, voice: str, text: str) -> bool:
        """Whether a voice can say a text of its language."""
        return True

    def voices(self, language: str) -> list[str]:
        base = base_of(language)
        return sorted(voice for voice, spoken in self.speakers.items() if base_of(spoken) == base)

    def visitors(self, language: str) -> list[str]:
        """Voices of other languages that speak this one with an accent; empty if nobody speaks it without."""
        own = set(self.voices(language))
        return sorted(set(self.speakers) - own) if own and self.speaks_abroad else []


def base_of(language: str) -> str:
    """A language without its region.

    >>> base_of("en-us")
    'en'
    """
    return language.lower().partition("-")[0]
