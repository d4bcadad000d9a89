"""espeak-ng's phones in the alphabet that Kokoro was trained on.

The alphabet is that of the grapheme-to-phoneme library misaki (github.com/hexgrad/misaki, EN_PHONES.md): one letter for
each diphthong and affricate, American vowels without length, and a few letters of its own. Everything else is IPA.
"""

# ruff: noqa: RUF001 - phonetic letters look like others
from __future__ import annotations

from collections.abc import Collection, Mapping

from wwtool.data.texts.pronunciations import Phones

_STRESS = "ˈˌ"

# In every language.
_COMMON = {
    "aɪ": "I", "aʊ": "W", "eɪ": "A", "oʊ": "O", "əʊ": "Q", "ɔɪ": "Y",
    "dʒ": "ʤ", "tʃ": "ʧ", "dz": "ʣ", "ts": "ʦ", "tɕ": "ʨ", "dʑ": "ʥ", "g": "ɡ",
    "ʉ": "u", "ɵ": "ʊ", "ɫ": "l", "ʍ": "w", ":": "ː",
}  # fmt: skip
_ENGLISH = {
    "aɪɚ": "Iəɹ", "aɪə": "Iə", "ɚ": "əɹ", "əl": "ᵊl", "n̩": "ᵊn", "m̩": "ᵊm", "l̩": "ᵊl", "ɔːɹ": "ɔɹ", "oːɹ": "ɔɹ",
    "ʔ": "t", "r": "ɹ", "x": "k", "ç": "k", "ɬ": "l", "ʌʊ": "Q", "oɪ": "Y", "æʊ": "W", "e": "ɛ", "ɔ̃": "ɔn",
}  # fmt: skip
_AMERICAN = {"ɾ": "T", "ɜː": "ɜɹ", "ɜːɹ": "ɜɹ", "ɪə": "iə", "iː": "i", "oː": "ɔ", "a": "æ"}
_BRITISH = {"ɾ": "t", "iə": "ɪə", "eə": "ɛː", "ɛə": "ɛː", "oː": "ɔː", "æ": "a", "ᵻ": "ɪ", "eː": "A", "o": "ɒ"}


def spelled(word: Phones, language: str, letters: Collection[str]) -> str:
    """A word in Kokoro's alphabet; what ``letters`` has no letter for is left out.

    Args:
        word: phones, with stress marks before vowels.
        language: of the text: ``en-us``, ``en-gb``, ``fr-fr``.
        letters: those that the model knows.
    """
    table, american = _table(language)
    text = ""
    for phone in word:
        bare = phone.lstrip(_STRESS)
        stress = phone[: len(phone) - len(bare)]
        if bare == "ɐ" and len(word) > 1 and language.startswith("en"):
            bare = "ə"  # only the article has a letter of its own
        text += stress[:1] + _letter(bare, table, american)
    return "".join(letter for letter in text.replace("ɹɹ", "ɹ") if letter in letters)


def _table(language: str) -> tuple[Mapping[str, str], bool]:
    if not language.startswith("en"):
        return _COMMON, False
    american = not language.startswith("en-gb")
    return {**_COMMON, **_ENGLISH, **(_AMERICAN if american else _BRITISH)}, american


def _letter(phone: str, table: Mapping[str, str], american: bool) -> str:
    """The letters of a phone; one that the table lacks is read as its longest parts."""
    letters, rest = "", phone.replace("-", "")
    while rest:
        size = next((n for n in range(len(rest), 0, -1) if rest[:n] in table), 1)
        letters += table.get(rest[:size], rest[:size])
        rest = rest[size:]
    return letters.replace("ː", "") if american else letters
