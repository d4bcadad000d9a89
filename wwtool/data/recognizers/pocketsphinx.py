"""PocketSphinx with the English model that its package ships: how much better the phrase fits than a loop of phones.

It looks for the phrase as a keyword does: the likelihood of the phrase's phones against that of any phones.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from wwtool.data.audio import Audio
from wwtool.data.recognizers.arpabet import arpabet
from wwtool.data.recognizers.interface import Recognizer, SpokenPhrase
from wwtool.data.utterance import utterance_bounds
from wwtool.errors import InputError, ToolError
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

_AROUND_SAMPLES = 2400  # before and after the utterance that the recording's energy shows
_SILENCE_SAMPLES = 4000  # before and after that: the search begins and ends in silence
_PEAK = 15_000
_LONGEST_SAMPLES = 60 * SAMPLE_RATE_HZ
_SEARCH, _PHRASE = "phrase", "phrase"
_MOST_PRONUNCIATIONS = 3
# Wide beams, so that an unusual accent gets a low score rather than none.
_SETTINGS = {"kws_threshold": 1e-60, "beam": 1e-80, "pbeam": 1e-80}


class PocketSphinx(Recognizer):
    """The package ``pocketsphinx``."""

    name, title, licence = "pocketsphinx", "PocketSphinx", "BSD-2-Clause"
    install = "pip install pocketsphinx"
    clip_seconds = 0.05
    doubtful, something_else = 0.78, 0.75

    @classmethod
    def is_installed(cls) -> bool:
        return find_spec("pocketsphinx") is not None

    @classmethod
    def hears(cls, language: str) -> bool:
        return language.lower().split("-")[0] == "en"

    def __init__(self, phrase: SpokenPhrase) -> None:
        spoken = dict.fromkeys(" ".join(arpabet(p)) for p in phrase.pronunciations)
        self._decoders = [_decoder(phones) for phones in spoken if phones][:_MOST_PRONUNCIATIONS]
        if not self._decoders:
            raise InputError(f"{self.title} knows no sound of {phrase.text!r}; its model is English")

    def score(self, clip: Audio) -> float:
        samples = _prepared(clip).tobytes()
        return max(_best_match(decoder, samples) for decoder in self._decoders)


def _decoder(phones: str) -> Any:
    """A decoder that looks for a word of these phones."""
    try:
        package = import_module("pocketsphinx")
        model = Path(package.get_model_path("en-us")) / "en-us"
        decoder = package.Decoder(package.Config(hmm=str(model), lm=None, dict=None, loglevel="FATAL", **_SETTINGS))
        decoder.add_word(_PHRASE, phones, True)
        decoder.add_keyphrase(_SEARCH, _PHRASE)
        decoder.activate_search(_SEARCH)
    except (ImportError, RuntimeError, OSError) as error:
        raise ToolError(f"pocketsphinx cannot be used ({error}); run: {PocketSphinx.install}") from error
    return decoder


def _best_match(decoder: Any, samples: bytes) -> float:
    decoder.start_utt()
    decoder.process_raw(samples, full_utt=True)
    decoder.end_utt()
    return max((float(match.prob) for match in decoder.seg() or ()), default=0.0)


def _prepared(clip: Audio) -> Audio:
    """The utterance at a fixed level, between silence."""
    start, end = utterance_bounds(clip)
    x = clip[max(0, start - _AROUND_SAMPLES) : end + _AROUND_SAMPLES][:_LONGEST_SAMPLES].astype(np.float32)
    x *= _PEAK / max(1.0, float(np.abs(x).max(initial=0.0)))
    return np.pad(x.astype(np.int16), _SILENCE_SAMPLES)
