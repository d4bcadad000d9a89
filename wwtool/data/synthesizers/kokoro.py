"""Kokoro, a natural synthesizer of eight languages: 54 voices, and as many more as blends of them.

The model (hexgrad/Kokoro-82M, Apache-2.0) reads phones, a style of 256 numbers and a speed. The first half of a style
is the sound of a voice, the second its melody and rhythm. A voice has one style for each number of phones.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from wwtool.base.records import read_json
from wwtool.data.audio import Audio, resample, to_int16
from wwtool.data.installed_voices import InstalledVoice, installed_voices
from wwtool.data.synthesizers import onnx_session
from wwtool.data.synthesizers.interface import NaturalSynthesizer, Utterance
from wwtool.data.synthesizers.kokoro_alphabet import spelled
from wwtool.data.texts.pronunciations import spoken_parts
from wwtool.errors import InputError, ToolError

_RATE_HZ = 24_000
_STYLES, _SOUND, _STYLE = 510, 128, 256
_MOST_PHONES = 400
_SLOWEST, _FASTEST = 0.5, 2.0
_MODEL, _VOCABULARY, _VECTORS = "kokoro.onnx", "vocabulary.json", "vectors"
# The first letter of a voice's name is its language. Japanese and Chinese voices only visit: their texts would need
# readings that espeak-ng does not give.
_LANGUAGES = {
    "a": "en-us", "b": "en-gb", "e": "es", "f": "fr-fr", "h": "hi", "i": "it", "p": "pt-br", "j": "", "z": "",
}  # fmt: skip

Style = npt.NDArray[np.float32]


class Kokoro(NaturalSynthesizer):
    """Kokoro-82M, run with onnxruntime."""

    name, title = "kokoro", "Kokoro"
    install = "wwtool voices get kokoro"
    licence = "Apache-2.0"
    speed = 3.7
    blends = speaks_abroad = True

    def __init__(self, voice: InstalledVoice) -> None:
        self._voice = voice
        self._style = lru_cache(maxsize=64)(self._read_style)

    @classmethod
    def find(cls) -> Kokoro | None:
        voices = installed_voices(cls.name) if onnx_session.is_installed() else []
        return cls(voices[0]) if voices else None

    @cached_property
    def speakers(self) -> Mapping[str, str]:
        names = sorted(path.stem for path in (self._voice.folder / _VECTORS).glob("*.bin"))
        return {name: _LANGUAGES[name[0]] for name in names if name[:1] in _LANGUAGES}

    @property
    def licences(self) -> Mapping[str, str]:
        return {self._voice.name: self._voice.description.licence}

    @property
    def fingerprint(self) -> str:
        return self._voice.fingerprint

    def speak(self, utterance: Utterance) -> Audio:
        tokens = self._tokens(utterance)
        speed = min(max(utterance.rate, _SLOWEST), _FASTEST)
        samples = self._session.run(
            {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": self._blend(utterance)[len(tokens) - 1][np.newaxis],
                "speed": np.array([speed], np.float32),
            }
        )[0]
        return to_int16(resample(np.asarray(samples, np.float32).ravel(), _RATE_HZ))

    @cached_property
    def _session(self) -> onnx_session.OnnxSession:
        return onnx_session.OnnxSession(self._voice.path(_MODEL))

    @cached_property
    def _vocabulary(self) -> dict[str, int]:
        path = self._voice.path(_VOCABULARY)
        numbers = {letter: number for letter, number in read_json(path).items() if isinstance(number, int)}
        if " " not in numbers:
            raise InputError(f"{path} is no vocabulary of Kokoro; get the voice again with {self.install}")
        return numbers

    def _tokens(self, utterance: Utterance) -> list[int]:
        accent = utterance.accent or self.speakers.get(utterance.voice, "")
        text = ""
        for part in spoken_parts(utterance.text, accent, utterance.phonemes):
            text += part if isinstance(part, str) else " " + spelled(part, accent, self._vocabulary)
        tokens = [self._vocabulary[letter] for letter in text.strip() if letter in self._vocabulary][:_MOST_PHONES]
        if not tokens:
            raise ToolError(f"{self.title} cannot say {utterance.text!r}: it has no letter for any of its phones")
        return tokens

    def _blend(self, utterance: Utterance) -> Style:
        """The styles of a blend, (phones, 256): its sound is mixed, and its melody is one voice's or mixed too."""
        rest = 1.0 - sum(share for _, share in utterance.mix)
        styles = self._style(utterance.voice) * np.float32(rest)
        for voice, share in utterance.mix:
            styles = styles + self._style(voice) * np.float32(share)
        if utterance.prosody:
            styles = np.concatenate([styles[:, :_SOUND], self._style(utterance.prosody)[:, _SOUND:]], axis=1)
        return styles

    def _read_style(self, voice: str) -> Style:
        if voice not in self.speakers:
            raise InputError(f"{self.title} has no voice {voice!r}; it has {', '.join(self.speakers)}")
        path = self._voice.folder / _VECTORS / f"{voice}.bin"
        values = np.frombuffer(path.read_bytes(), "<f4")
        if values.size != _STYLES * _STYLE:
            raise InputError(f"{path} is no voice of Kokoro; get it again with {self.install}")
        return values.reshape(_STYLES, _STYLE)
