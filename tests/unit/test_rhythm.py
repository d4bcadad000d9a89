"""Words that are said alone, and how many of them have the rhythm of the phrase."""

import itertools
from random import Random

import pytest

from wwtool.data import synth
from wwtool.data.texts.lexicon import lexicon
from wwtool.data.texts.phrases import single_words
from wwtool.data.texts.rhythm import alike_in_rhythm, rhythm
from wwtool.data.texts.sounds import contains, sounds
from wwtool.errors import InputError


@pytest.mark.parametrize(
    ("word", "expected"),
    [("computer", "uSu"), ("jarvis", "Su"), ("athena", "uSu"), ("university", "uuSuu"), ("hey", "S")],
)
def test_rhythm(word: str, expected: str) -> None:
    assert rhythm(word, "en-us") == expected


def test_each_word_of_the_phrase_is_replaced_by_one_with_its_rhythm() -> None:
    texts = list(itertools.islice(alike_in_rhythm("hey computer", "en-us", lexicon("en-us"), Random(1)), 50))
    assert all([rhythm(word, "en-us") for word in text.split()] == ["S", "uSu"] for text in texts)
    assert len(set(texts)) > 40


def test_single_words_are_of_all_rhythms_and_never_the_phrase() -> None:
    texts = single_words("computer", 200, seed=3, also=(sounds("vanilla", "en-us"),))
    assert len(texts) == 200 and texts == single_words("computer", 200, seed=3, also=(sounds("vanilla", "en-us"),))
    alike = sum(rhythm(text, "en-us") == "uSu" for text in texts)
    assert 90 <= alike <= 130
    for heard in (sounds(text, "en-us") for text in single_words("vanilla", 2000)):
        assert not contains(heard, sounds("vanilla", "en-us"))
    with pytest.raises(InputError, match="choose another phrase"):
        single_words("banana", 5, words=("banana",) * 300)


def test_they_are_said_as_the_phrase_is() -> None:
    words, phrase = synth.plan_words("jarvis", 300), synth.plan_phrase("jarvis", 300)
    for said in (words, phrase):
        varied = sum(bool(utterance.phonemes) for utterance in said)
        assert 60 <= varied <= 150
        assert sum(utterance.text.endswith((".", "!", "?", ",")) for utterance in said) > 100
