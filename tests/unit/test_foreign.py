"""English in the phones of other languages, and who says it."""

# ruff: noqa: RUF001 - phonetic letters look like others
from random import Random

import pytest

from wwtool.data.espeak import phonemes
from wwtool.data.texts.foreign import ACCENTS, in_accent

_ALL = range(400)


def _heard(text: str, accent: str) -> set[str]:
    words = phonemes(text, "en-us")
    return {" ".join("".join(word) for word in in_accent(words, accent, Random(seed), text)) for seed in _ALL}


@pytest.mark.parametrize(
    ("accent", "text", "said"),
    [
        ("es", "computer", "kempjˈuteɾ"),
        ("es", "computer", "kompjˈuteɾ"),  # as it is written
        ("fr", "hey three", "ˈeɪ sʁˈi"),  # no h is said, and no empty phone is left
        ("hi", "water", "ʋˈaːʈəɾ"),
        ("ja", "jarvis", "dʒˈaːbis"),
        ("de", "the world", "zə vˈøːld"),
        ("ru", "hello", "xalˈo"),
        ("es", "stop", "estˈap"),
    ],
)
def test_a_speaker_says_what_the_first_language_has(accent: str, text: str, said: str) -> None:
    heard = _heard(text, accent)
    assert said.split() == next((way.split() for way in heard if way == said), heard)
    assert len(heard) > 1  # not everybody says everything so


@pytest.mark.parametrize("accent", ACCENTS)
def test_words_stay_words(accent: str) -> None:
    words = phonemes("okay snowboy turn the heating up", "en-us")
    for seed in range(20):
        said = in_accent(words, accent, Random(seed))
        assert len(said) == len(words) and all(phone for word in said for phone in word)
        assert in_accent(words, accent, Random(seed)) == said
