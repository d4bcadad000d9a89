"""Who says a text, and how: draws voices, blends of voices, ages and ways of speaking.

Natural voices are split like people: a voice heard in training is not heard in evaluation, not even within a blend.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import TypeVar

from wwtool.config.synth import CommandVoices
from wwtool.data.espeak import accents, languages, phonemes
from wwtool.data.shaping import PLAIN, SHOUT, WHISPER, Shape
from wwtool.data.synthesizers.interface import NaturalSynthesizer, Synthesizer, Utterance, base_of
from wwtool.data.synthesizers.registry import installed_synthesizers
from wwtool.data.texts.foreign import ACCENTS, in_accent
from wwtool.data.texts.pronunciations import written
from wwtool.errors import InputError

Value = TypeVar("Value")
Commands = tuple[CommandVoices, ...]
Cast = Callable[[Sequence[str], str, Random], list[Utterance]]
"""Gives every text of a language a voice and a way of speaking."""

_RECORDED_VOICES = 0.05  # share of utterances by synthesizers with recorded voices, which are twenty times slower
_HELD_OUT = 5  # one natural voice in so many of a language is for evaluation
_FEWEST_TO_SPLIT = 3
_MOST_COUNTED = 30  # a synthesizer with more voices is not drawn more often

_BLENDED = ((1, 0.25), (2, 0.45), (3, 0.30))  # voices in a blend, and how often
_VISITORS = 0.2  # share of the further voices of a blend that come from other languages
_BEYOND = 0.15  # share of the blends of two that lead away from the second voice
_BORROWED_PROSODY = 0.3
_OTHER_ACCENT = 0.2
_FOREIGN = 0.22  # share of short texts that are said as by people with another first language
_MOST_FOREIGN_WORDS = 5
_AS_IT_IS = 0.3  # share of utterances with the voice's own pitch, tract and tempo
_VOICINGS = ((PLAIN, 0.90), (SHOUT, 0.06), (WHISPER, 0.04))
_CONTOURS = (((1.0, 1.0, 1.0), 0.7), ((1.0, 1.0, 1.15), 0.1), ((1.08, 1.0, 0.9), 0.1), ((0.94, 1.08, 0.96), 0.1))


@dataclass(frozen=True)
class _Age:
    """Ranges of what an age does to a voice."""

    share: float
    tract: tuple[float, float]
    pitch: tuple[float, float]
    rate: tuple[float, float]
    tremor: tuple[float, float] = (0.0, 0.0)


# Children's tracts from 5 years on have 0.7 to 0.9 of an adult's length, and their pitch is up to an octave above a
# man's (Vorperian and Kent 2007; Lee, Potamianos and Narayanan 1999). Old voices are slower and tremble.
_AGES = (
    _Age(0.76, tract=(0.90, 1.12), pitch=(0.86, 1.18), rate=(0.75, 1.35)),
    _Age(0.14, tract=(0.74, 0.90), pitch=(1.15, 1.55), rate=(0.75, 1.2)),
    _Age(0.10, tract=(0.96, 1.10), pitch=(0.86, 1.12), rate=(0.65, 0.95), tremor=(0.008, 0.03)),
)


@cache
def synthesizers(commands: Commands = ()) -> dict[str, Synthesizer]:
    """The installed synthesizers and the programs of a config, found once in a process."""
    return installed_synthesizers(commands)


def natural_synthesizers(language: str, commands: Commands = ()) -> list[NaturalSynthesizer]:
    """The natural synthesizers that speak a language."""
    there = synthesizers(commands).values()
    return [member for member in there if isinstance(member, NaturalSynthesizer) and member.voices(language)]


def plain_cast(texts: Sequence[str], language: str, random: Random) -> list[Utterance]:
    """Casts voices that are not natural.

    Raises:
        InputError: none of them speaks the language.
    """
    others = {name: member for name, member in synthesizers().items() if not member.natural}
    voices = {name: names for name in others if (names := others[name].voices(language))}
    if not voices:
        raise InputError(f"no installed synthesizer speaks {language!r}; use one of {', '.join(languages())}")
    recorded = [] if _keeps_recorded_voices(language) else [name for name in voices if others[name].recorded]
    computed = next((name for name in voices if not others[name].recorded), None)
    utterances = []
    for text in texts:
        use_recorded = recorded and random.random() < _RECORDED_VOICES
        engine = random.choice(recorded) if use_recorded or computed is None else computed
        utterances.append(_plain(text, engine, random.choice(voices[engine]), random))
    return utterances


def recorded_cast(texts: Sequence[str], language: str, random: Random) -> list[Utterance]:
    """Casts voices made of recordings that are kept for evaluation; it gives nothing where training uses them."""
    there = [(name, member) for name, member in synthesizers().items() if member.recorded and not member.natural]
    voices = [(name, voice) for name, member in there for voice in member.voices(language)]
    if not voices or not _keeps_recorded_voices(language):
        return []
    return [_plain(text, *random.choice(voices), random) for text in texts]


def _keeps_recorded_voices(language: str) -> bool:
    """Whether voices made of recordings, such as flite's, are for evaluation only, as there are natural ones."""
    there = synthesizers().values()
    return bool(natural_synthesizers(language)) and any(not m.recorded and m.voices(language) for m in there)


def _plain(text: str, engine: str, voice: str, random: Random) -> Utterance:
    return Utterance(
        text=text,
        engine=engine,
        voice=voice,
        rate=round(random.triangular(0.65, 1.4, 1.0), 2),
        pitch=round(random.uniform(0.15, 0.85), 2),
        liveliness=round(random.uniform(0.2, 0.9), 2),
    )


def natural_cast(held_out: bool, prefer_fast: bool = False, commands: Commands = ()) -> Cast:
    """A cast of natural voices, either those for evaluation or the others; it gives nothing where there are none.

    Args:
        held_out: cast the voices for evaluation.
        prefer_fast: cast fast synthesizers more often than those with many voices.
        commands: programs of a config that speak too.
    """

    def cast(texts: Sequence[str], language: str, random: Random) -> list[Utterance]:
        there = natural_synthesizers(language, commands)
        choirs = [_Choir.of(synthesizer, language, held_out) for synthesizer in there]
        utterances = []
        for text in texts:
            able = [choir for choir in (choir.able(text) for choir in choirs) if choir.natives or choir.visitors]
            if able:
                choir = random.choices(able, [choir.weight(prefer_fast) for choir in able])[0]
                utterances.append(_utterance(text, choir, random))
        return utterances

    return cast


@cache
def held_out_voices(synthesizer: NaturalSynthesizer) -> frozenset[str]:
    """The voices for evaluation: of each language one in five, if it has three or more."""
    groups: dict[str, list[str]] = {}
    for voice, language in synthesizer.speakers.items():
        groups.setdefault(base_of(language), []).append(voice)
    chosen: set[str] = set()
    for voices in groups.values():
        if len(voices) >= _FEWEST_TO_SPLIT:
            voices.sort(key=lambda voice: hashlib.sha256(f"{synthesizer.name} {voice}".encode()).digest())
            chosen |= set(voices[: max(1, len(voices) // _HELD_OUT)])
    return frozenset(chosen)


@dataclass(frozen=True)
class _Choir:
    """The voices of a natural synthesizer that may be heard together.

    Attributes:
        natives: voices of the language.
        visitors: voices that speak it with an accent.
    """

    synthesizer: NaturalSynthesizer
    language: str
    natives: tuple[str, ...]
    visitors: tuple[str, ...]

    @classmethod
    def of(cls, synthesizer: NaturalSynthesizer, language: str, held_out: bool) -> _Choir:
        apart = held_out_voices(synthesizer)
        natives = tuple(voice for voice in synthesizer.voices(language) if (voice in apart) == held_out)
        visitors = tuple(voice for voice in synthesizer.visitors(language) if (voice in apart) == held_out)
        return cls(synthesizer, language, natives, visitors)

    def able(self, text: str) -> _Choir:
        """The voices that can say a text."""
        natives = tuple(voice for voice in self.natives if self.synthesizer.can_say(voice, text))
        return self if natives == self.natives else replace(self, natives=natives, visitors=())

    def may_sound_foreign(self, text: str) -> bool:
        """Whether a visitor can say a text with the phones of its first language."""
        return bool(self.visitors) and base_of(self.language) == "en" and len(text.split()) <= _MOST_FOREIGN_WORDS

    def weight(self, prefer_fast: bool) -> float:
        voices = min(len(self.natives or self.visitors), _MOST_COUNTED)
        return float(voices**0.5 * self.synthesizer.speed if prefer_fast else voices)


def _utterance(text: str, choir: _Choir, random: Random) -> Utterance:
    foreign = choir.may_sound_foreign(text) and random.random() < _FOREIGN
    voice, mix, prosody = _blend(choir, foreign, random)
    own = choir.synthesizer.speakers[voice]
    phones = ""
    if foreign:
        accent = base_of(own) if base_of(own) in ACCENTS else random.choice(list(ACCENTS))
        phones = written(in_accent(phonemes(text, choir.language), accent, random, text))
    else:
        accent = own if base_of(own) == base_of(choir.language) else choir.language
        others = accents(choir.language)
        if len(others) > 1 and random.random() < _OTHER_ACCENT:
            accent = random.choice(others)
    spoken = Utterance(text, choir.synthesizer.name, voice, accent=accent, phonemes=phones, mix=mix, prosody=prosody)
    if random.random() < _AS_IT_IS:
        return spoken
    age = random.choices(_AGES, [age.share for age in _AGES])[0]
    shape = Shape(
        tract=_draw(age.tract, random),
        pitch=_draw(age.pitch, random),
        tremor=_draw(age.tremor, random, 3),
        contour=_choose(_CONTOURS, random),
        voicing=_choose(_VOICINGS, random),
    )
    return replace(spoken, rate=_draw(age.rate, random), shape=shape)


def _blend(choir: _Choir, foreign: bool, random: Random) -> tuple[str, tuple[tuple[str, float], ...], str]:
    """A first voice, the others with their shares, and the voice whose prosody is borrowed."""
    first = random.choice(choir.visitors if foreign else choir.natives or choir.visitors)
    if not choir.synthesizer.blends:
        return first, (), ""
    others: list[str] = []
    for _ in range(_choose(_BLENDED, random) - 1):
        pool = choir.visitors if choir.visitors and random.random() < _VISITORS else choir.natives or choir.visitors
        others.append(random.choice(pool))
    others = [voice for voice in dict.fromkeys(others) if voice != first]
    parts = [random.gammavariate(1.2, 1.0) for _ in range(len(others) + 1)]
    mix = tuple((voice, round(part / sum(parts), 2)) for voice, part in zip(others, parts[1:], strict=True))
    if len(mix) == 1 and random.random() < _BEYOND:
        mix = ((mix[0][0], round(random.uniform(-0.3, -0.1), 2)),)
    borrowed = random.random() < _BORROWED_PROSODY
    prosody = random.choice(choir.natives or choir.visitors) if borrowed else ""
    return first, mix, prosody if prosody != first else ""


def _draw(bounds: tuple[float, float], random: Random, digits: int = 2) -> float:
    return round(random.uniform(*bounds), digits)


def _choose(table: Sequence[tuple[Value, float]], random: Random) -> Value:
    return random.choices([value for value, _ in table], [share for _, share in table])[0]
