"""Words said in other ways: other stresses, vowels as they are written, other endings."""

# ruff: noqa: RUF001 - phonetic letters look like others
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wwtool.data.espeak import phonemes
from wwtool.data.texts.spelled_vowels import is_vowel, letters_of, vowel_letters
from wwtool.data.texts.variation import another_way
from wwtool.data.texts.ways import phone_names


def _ways(text: str, language: str = "en-us", known: tuple[str, ...] = ()) -> set[str]:
    words = phonemes(text, language)
    return {" ".join("".join(word) for word in another_way(words, Random(seed), text, known)) for seed in range(2000)}


def test_stresses_vowels_and_endings_change_alone_and_together() -> None:
    ways = _ways("hey computer")
    assert "hˈeɪ kəmpjˈuːɾɚ" not in ways
    assert "hˈeɪ kəmpjˈuːɾə" in ways  # another ending
    assert "hˌeɪ kˈəmpjˌuːɾɚ" in ways and "heɪ kəmpjˈuːɾɚ" in ways  # another stress
    assert "hˈeɪ kˈʌmpjˈuːɾˈɚ" in ways  # every syllable, and full vowels
    assert {"hˈeɪ kɔːmpjˈuːɾʌ", "hˈeɪ koʊmpjˈuːɾɑː", "hˌeɪ kˈoʊmpjˌuːɾɑː"} <= ways  # as it is written


def test_only_phones_of_the_language_come_in() -> None:
    known = phone_names("de")
    said = {phone.lstrip("ˈˌ") for seed in range(200) for word in another_way(
        phonemes("hallo computer", "de"), Random(seed), "hallo computer", known) for phone in word}  # fmt: skip
    assert said <= set(known)


@pytest.mark.parametrize("words", [[["n", "ˈoʊ"]], [["ʃ"]]])
def test_what_can_only_be_said_in_one_way_stays(words: list[list[str]]) -> None:
    assert another_way(words, Random(1)) == words


@given(st.text("aeiouyckmnrstwüé'-", max_size=12), st.lists(st.sampled_from(["ə", "ˈuː", "k", "ɚ", "t"])))
def test_every_phone_has_a_letter_or_none(word: str, phones: list[str]) -> None:
    letters = vowel_letters(word, phones)
    assert len(letters) == len(phones)
    assert all(
        letter == "" or (is_vowel(phone) and letter in "aeiouy") for letter, phone in zip(letters, phones, strict=True)
    )
    vowels = [letter for letter, phone in zip(letters, phones, strict=True) if is_vowel(phone)]
    assert all(vowels) or not any(vowels)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("Computer!", [["", "o", "", "", "", "u", "", "e"]]),
        ("snowboy", [["", "", "o", "", "o"]]),
        ("awake", [["a", "", "a", ""]]),  # no e is said
        ("wednesday", [["", "", "", "", "", ""]]),  # nobody says all that is written
        ("two words", [[""] * 8]),  # as if one were said
    ],
)
def test_letters_behind_vowels(text: str, letters: list[list[str]]) -> None:
    words = phonemes("computer" if text == "two words" else text, "en-us")
    assert letters_of(text, words) == letters
