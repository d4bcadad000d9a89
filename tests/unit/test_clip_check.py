"""Whether clips say the phrase: recognizers, and what is made of their scores."""

# ruff: noqa: RUF001 - phonetic letters look like others
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wwtool.data import clip_check as checks
from wwtool.data.audio import Audio
from wwtool.data.clip_check import ClipCheck, Opinion, clip_check
from wwtool.data.espeak import phonemes
from wwtool.data.recognizers.arpabet import arpabet
from wwtool.data.recognizers.interface import Recognizer, SpokenPhrase
from wwtool.data.recognizers.log_mel import log_mel
from wwtool.data.recognizers.pocketsphinx import PocketSphinx
from wwtool.data.recognizers.registry import RECOGNIZERS
from wwtool.data.recognizers.whisper import Whisper, closeness
from wwtool.data.synthesizers.flite import Flite
from wwtool.data.synthesizers.interface import Utterance
from wwtool.errors import InputError

_VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
_CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
PHONES = set(f"{_VOWELS} {_CONSONANTS}".split())
PHRASE = SpokenPhrase("computer", "en-us", (("k", "ə", "m", "p", "j", "uː", "ɾ", "ɚ"),))
SOUNDS = st.lists(st.sampled_from("ptkaiu"), max_size=8).map(tuple)


class _Loudness(Recognizer):
    """Takes a clip's first sample for its score, in percent."""

    name, title, licence, install = "loudness", "Loudness", "none", "nothing"
    clip_seconds, doubtful, something_else = 0.0, 0.8, 0.5

    def __init__(self, phrase: SpokenPhrase) -> None:
        pass

    @classmethod
    def is_installed(cls) -> bool:
        return True

    @classmethod
    def hears(cls, language: str) -> bool:
        return True

    def score(self, clip: Audio) -> float:
        return float(clip[0]) / 100


class _SecondSample(_Loudness):
    name = title = "second"

    def score(self, clip: Audio) -> float:
        return float(clip[1]) / 100


@pytest.fixture
def two_recognizers(monkeypatch: pytest.MonkeyPatch) -> ClipCheck:
    for recognizer in (_Loudness, _SecondSample):
        monkeypatch.setitem(RECOGNIZERS, recognizer.name, recognizer)
    checks._recognizer.cache_clear()
    return ClipCheck((_Loudness.name, _SecondSample.name), PHRASE)


def test_the_best_opinion_counts(two_recognizers: ClipCheck) -> None:
    clips = [np.array(scores, np.int16) for scores in ((90, 0), (0, 90), (60, 0), (0, 60), (0, 0))]
    assert two_recognizers.opinions(clips) == [
        Opinion.PHRASE, Opinion.PHRASE, Opinion.DOUBTFUL, Opinion.DOUBTFUL, Opinion.SOMETHING_ELSE,
    ]  # fmt: skip


def test_opinions_tell_how_far_they_are(two_recognizers: ClipCheck) -> None:
    told: list[tuple[int, int]] = []
    two_recognizers.opinions([np.array((90, 0), np.int16)] * 40, lambda done, total: told.append((done, total)))
    assert told == [(0, 40), (16, 40), (32, 40)]


def test_without_a_recognizer_there_is_no_check(monkeypatch: pytest.MonkeyPatch) -> None:
    for recognizer in (PocketSphinx, Whisper):
        monkeypatch.setattr(recognizer, "is_installed", lambda: False)
    assert clip_check("computer", "en-us") is None


def test_no_recognizer_hears_german() -> None:
    assert clip_check("rechner", "de") is None


def test_a_check_knows_how_the_phrase_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PocketSphinx, "is_installed", lambda: True)
    check = clip_check("computer", "en-us", [("k", "o", "m")])
    assert check is not None
    assert check.phrase.pronunciations[0] == ("k", "o", "m")
    assert tuple(p for word in phonemes("computer", "en-us") for p in word) in check.phrase.pronunciations


@pytest.mark.parametrize("accent", ["en-us", "en", "de", "fr", "pl"])
def test_every_phoneme_of_a_voice_has_a_phone(accent: str) -> None:
    for word in phonemes("the quick brown fox jumps over the lazy dog measure church", accent):
        phones = arpabet(word)
        assert phones
        assert set(phones) <= PHONES


@given(st.lists(st.text(max_size=4), max_size=6))
def test_any_text_gives_phones_only(text: list[str]) -> None:
    assert set(arpabet(text)) <= PHONES


@given(SOUNDS, SOUNDS, SOUNDS.filter(bool))
def test_a_transcript_that_contains_the_phrase_is_as_close_as_can_be(
    before: tuple[str, ...], after: tuple[str, ...], target: tuple[str, ...]
) -> None:
    assert closeness(target, before + target + after) == 1.0


@given(SOUNDS.filter(bool), SOUNDS)
def test_closeness_is_a_share(target: tuple[str, ...], heard: tuple[str, ...]) -> None:
    assert 0.0 <= closeness(target, heard) <= 1.0
    assert (closeness(target, heard) == 1.0) == any(
        heard[i : i + len(target)] == target for i in range(len(heard) - len(target) + 1)
    )


def test_a_whisper_spectrogram_spans_eight_decades_at_most() -> None:
    mel = log_mel(np.random.default_rng(0).integers(-9000, 9000, 16_000).astype(np.int16))
    assert mel.shape == (80, 3000)
    assert mel.max() - mel.min() == pytest.approx(2.0)


def test_a_phrase_without_a_sound_is_refused() -> None:
    with pytest.raises(InputError, match="no sound"):
        PocketSphinx(SpokenPhrase("...", "en-us", (("?",),)))


@pytest.mark.parametrize("recognizer", [PocketSphinx, Whisper])
def test_a_recognizer_tells_the_phrase_from_something_else(recognizer: type[Recognizer]) -> None:
    voice = Flite.find()  # formant voices are not speech to PocketSphinx
    if not recognizer.is_installed() or voice is None:
        pytest.skip("the recognizer or a voice made of recordings is missing")
    listener = recognizer(PHRASE)
    assert listener.score(voice.speak(Utterance("computer", "flite", "slt"))) >= listener.doubtful
    for other in (voice.speak(Utterance("banana split", "flite", "slt")), np.zeros(16_000, np.int16)):
        assert listener.score(other) < listener.doubtful
