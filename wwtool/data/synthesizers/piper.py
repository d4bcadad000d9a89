"""Piper voices: any ``.onnx`` with its settings, and of those with several speakers every one.

The models are VITS networks that read espeak-ng's phones as letters. They draw noise from a generator that goes on from
clip to clip, so each clip has a session of its own, which begins where the utterance says.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wwtool.base.records import read_json
from wwtool.base.validation import describe_validation
from wwtool.data.audio import Audio, resample, to_int16
from wwtool.data.installed_voices import InstalledVoice, installed_voices
from wwtool.data.synthesizers import onnx_session
from wwtool.data.synthesizers.interface import NaturalSynthesizer, Utterance
from wwtool.data.texts.pronunciations import spoken_parts
from wwtool.errors import InputError, ToolError

_MODEL, _SETTINGS = "voice.onnx", "voice.onnx.json"
_START, _END, _PAD = "^", "$", "_"
_ESPEAK = "espeak"  # the alphabet of most voices
_SLOWEST, _FASTEST = 0.5, 2.0


class _Audio(BaseModel):
    sample_rate: int = Field(ge=8000, le=96_000)


class _Espeak(BaseModel):
    voice: str


class _Inference(BaseModel):
    noise_scale: float = 0.667
    length_scale: float = 1.0
    noise_w: float = 0.8


class _Settings(BaseModel):
    """What wwtool reads of a voice's settings (config.json of a Piper training)."""

    model_config = ConfigDict(extra="ignore")

    audio: _Audio
    espeak: _Espeak
    inference: _Inference = _Inference()
    num_speakers: int = Field(1, ge=1)
    phoneme_id_map: dict[str, list[int]] = Field(min_length=10)
    phoneme_type: str = _ESPEAK


@dataclass(frozen=True)
class _Speaker:
    voice: InstalledVoice
    settings: _Settings
    number: int


class Piper(NaturalSynthesizer):
    """The installed Piper voices, run with onnxruntime."""

    name, title = "piper", "Piper"
    install = "one of the Piper voices of wwtool voices list, with wwtool voices get NAME"
    licence = "each voice has its own"
    speed = 4.0

    def __init__(self, voices: list[InstalledVoice]) -> None:
        self._voices = voices

    @classmethod
    def find(cls) -> Piper | None:
        voices = installed_voices(cls.name) if onnx_session.is_installed() else []
        return cls(voices) if voices else None

    @cached_property
    def speakers(self) -> Mapping[str, str]:
        return {name: speaker.voice.description.languages[0] for name, speaker in self._speakers.items()}

    @property
    def licences(self) -> Mapping[str, str]:
        return {voice.name: voice.description.licence for voice in self._voices}

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256("".join(voice.fingerprint for voice in self._voices).encode()).hexdigest()

    def fingerprint_of(self, utterance: Utterance) -> str:
        return self._speaker(utterance.voice).voice.fingerprint

    def speak(self, utterance: Utterance) -> Audio:
        speaker = self._speaker(utterance.voice)
        settings = speaker.settings
        numbers = self._numbers(utterance, settings)
        rate = min(max(utterance.rate, _SLOWEST), _FASTEST)
        scales = (settings.inference.noise_scale, settings.inference.length_scale / rate, settings.inference.noise_w)
        inputs: dict[str, Any] = {
            "input": np.array([numbers], np.int64),
            "input_lengths": np.array([len(numbers)], np.int64),
            "scales": np.array(scales, np.float32),
        }
        seed = int.from_bytes(hashlib.sha256(repr(utterance).encode()).digest()[:4], "little") >> 1
        session = onnx_session.OnnxSession(speaker.voice.path(_MODEL), seed)
        if "sid" in session.inputs:
            inputs["sid"] = np.array([speaker.number], np.int64)
        samples = np.asarray(session.run(inputs)[0], np.float32).ravel()
        return to_int16(resample(samples, settings.audio.sample_rate))

    @cached_property
    def _speakers(self) -> dict[str, _Speaker]:
        speakers = {}
        for voice in self._voices:
            settings = _read_settings(voice)
            for number in range(settings.num_speakers):
                name = f"{voice.name}.{number}" if settings.num_speakers > 1 else voice.name
                speakers[name] = _Speaker(voice, settings, number)
        return speakers

    def _speaker(self, name: str) -> _Speaker:
        if name not in self._speakers:
            raise InputError(f"{self.title} has no voice {name!r}; wwtool voices list shows those that are installed")
        return self._speakers[name]

    def _numbers(self, utterance: Utterance, settings: _Settings) -> list[int]:
        """The numbers of phones and punctuation, with a pad after each."""
        accent = utterance.accent or settings.espeak.voice
        text = ""
        for part in spoken_parts(utterance.text, accent, utterance.phonemes):
            text += part if isinstance(part, str) else " " + "".join(part)
        numbers = settings.phoneme_id_map
        letters = [letter for letter in unicodedata.normalize("NFD", text.strip()) if letter in numbers]
        if not any(letter.isalpha() for letter in letters):
            raise ToolError(f"{self.title} cannot say {utterance.text!r}: the voice knows none of its phones")
        pad = numbers.get(_PAD, [0])
        spoken = [number for letter in letters for number in (*numbers[letter], *pad)]
        return [*numbers.get(_START, []), *pad, *spoken, *numbers.get(_END, [])]


def _read_settings(voice: InstalledVoice) -> _Settings:
    path = voice.path(_SETTINGS)
    try:
        settings = _Settings.model_validate(read_json(path))
    except ValidationError as error:
        raise InputError(f"{describe_validation(error, str(path))}; get the voice again") from error
    if settings.phoneme_type != _ESPEAK:
        raise InputError(
            f"{path} reads {settings.phoneme_type!r}, and wwtool gives voices espeak-ng's phones; remove it"
        )
    return settings
