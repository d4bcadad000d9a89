"""espeak-ng as a synthesizer."""

from __future__ import annotations

from wwtool.data.audio import Audio
from wwtool.data.espeak import accents, say, variants
from wwtool.data.synthesizers.interface import Synthesizer, Utterance
from wwtool.data.texts.ways import bracketed

_NORMAL_WORDS_PER_MINUTE = 170
_SLOWEST, _FASTEST = 80, 450
_MARKS = ".,!?"


class Espeak(Synthesizer):
    """espeak-ng, which computes its voices: every accent of the language with every variant."""

    name, title = "espeak", "espeak-ng"
    recorded, bundled = False, True
    licence = "GPL-3.0-or-later"
    install = "pip install espeakng-loader"

    @classmethod
    def find(cls) -> Espeak:
        return cls()

    def voices(self, language: str) -> list[str]:
        return [f"{accent}+{variant}" for accent in accents(language) for variant in variants()]

    def speak(self, utterance: Utterance) -> Audio:
        text, voice = utterance.text, utterance.voice
        if utterance.phonemes:  # espeak-ng's names of phones are those of one accent
            text = bracketed(utterance.phonemes, utterance.accent) + text[len(text.rstrip(_MARKS)) :]
            voice = f"{utterance.accent}+{voice.partition('+')[2]}"
        words_per_minute = round(_NORMAL_WORDS_PER_MINUTE * utterance.rate)
        return say(
            text,
            voice,
            words_per_minute=min(max(words_per_minute, _SLOWEST), _FASTEST),
            pitch=round(99 * utterance.pitch),
            range_=round(99 * utterance.liveliness),
            mnemonics=bool(utterance.phonemes),
        )
