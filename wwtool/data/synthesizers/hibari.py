"""hibari, a fast natural synthesizer of English (the package hibari-tts, which brings one voice)."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from collections.abc import Mapping
from functools import cached_property
from importlib import metadata
from typing import Any

import numpy as np

from wwtool.data.audio import Audio, resample, to_int16
from wwtool.data.synthesizers import onnx_session
from wwtool.data.synthesizers.interface import NaturalSynthesizer, Utterance
from wwtool.data.synthesizers.kokoro_alphabet import spelled
from wwtool.data.texts.pronunciations import spoken_parts
from wwtool.errors import ToolError

_MODULE, _PACKAGE = "hibari", "hibari-tts"
_SLOWEST, _FASTEST = 0.5, 2.0


class Hibari(NaturalSynthesizer):
    """The voices of hibari whose files are there; wwtool downloads none of them."""

    name = title = "hibari"
    install = f"pip install {_PACKAGE}"
    licence = "Apache-2.0"
    speed = 130.0

    @classmethod
    def find(cls) -> Hibari | None:
        return cls() if importlib.util.find_spec(_MODULE) and onnx_session.is_installed() else None

    @cached_property
    def speakers(self) -> Mapping[str, str]:
        voices = importlib.import_module(f"{_MODULE}.voices")
        there: dict[str, str] = {}
        for name, facts in voices.VOICES.items():
            try:
                voices.voice_path(name, download_missing=False)
            except (OSError, ValueError):
                continue
            there[name] = "en-gb" if facts.get("british") else "en-us"
        return there

    @property
    def fingerprint(self) -> str:
        return f"{self.name} {metadata.version(_PACKAGE)} {' '.join(sorted(self.speakers))}"

    def speak(self, utterance: Utterance) -> Audio:
        accent = utterance.accent or self.speakers.get(utterance.voice, "")
        speaker = self._speaker(utterance.voice)
        text = ""
        for part in spoken_parts(utterance.text, accent, utterance.phonemes):
            text += part if isinstance(part, str) else " " + spelled(part, accent, speaker.vocab)
        speed = min(max(utterance.rate, _SLOWEST), _FASTEST)
        seed = hashlib.sha256(repr(utterance).encode()).digest()[0]
        try:
            samples = np.asarray(speaker.from_phonemes(text.strip(), speed=speed, seed=seed), np.float32)
        except Exception as error:  # its own, or the runtime's
            raise ToolError(f"{self.title} failed on {utterance.text!r}: {str(error)[:200]}") from error
        if not samples.size:
            raise ToolError(f"{self.title} cannot say {utterance.text!r}: it has no letter for any of its phones")
        return to_int16(resample(samples, speaker.sample_rate))

    def _speaker(self, voice: str) -> Any:
        if voice not in self._loaded:
            self._loaded[voice] = importlib.import_module(_MODULE).Hibari(voice=voice, threads=1)
        return self._loaded[voice]

    @cached_property
    def _loaded(self) -> dict[str, Any]:
        return {}
