"""The scripts in which a language is written, and lists of its words.

Languages have espeak-ng's names: ``en-us``, ``cmn``, ``pt-br``.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from langcodes import Language
from wordfreq import available_languages, top_n_list

# Languages for which wordfreq uses another code. Its "sh" is Bosnian, Croatian and Serbian in Latin letters, and the
# Cantonese voices read the characters of written Chinese.
_WORDFREQ_CODES = {"bs": "sh", "cmn": "zh", "hbs": "sh", "hr": "sh", "no": "nb", "sr": "sh", "yue": "zh"}

# ISO 15924 codes, with the first word of the Unicode names of the script's letters.
_SCRIPTS: dict[str, tuple[str, ...]] = {
    "Arab": ("ARABIC",),
    "Armn": ("ARMENIAN",),
    "Beng": ("BENGALI",),
    "Cher": ("CHEROKEE",),
    "Cyrl": ("CYRILLIC",),
    "Deva": ("DEVANAGARI",),
    "Ethi": ("ETHIOPIC",),
    "Geor": ("GEORGIAN",),
    "Grek": ("GREEK",),
    "Gujr": ("GUJARATI",),
    "Guru": ("GURMUKHI",),
    "Hans": ("CJK",),
    "Hant": ("CJK",),
    "Hebr": ("HEBREW",),
    "Jpan": ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "CJK"),
    "Knda": ("KANNADA",),
    "Kore": ("HANGUL", "CJK"),
    "Latn": ("LATIN",),
    "Mlym": ("MALAYALAM",),
    "Mymr": ("MYANMAR",),
    "Orya": ("ORIYA",),
    "Sinh": ("SINHALA",),
    "Taml": ("TAMIL",),
    "Telu": ("TELUGU",),
    "Thai": ("THAI",),
}
_JOINERS = "\u200c\u200d"  # zero width; they say how neighbouring letters join in Indic scripts and Persian


@cache
def script(letter: str) -> str:
    """The first word of a letter's Unicode name: ``LATIN``, ``CJK``, ``DEVANAGARI``; empty if it has no name."""
    return unicodedata.name(letter, "").partition(" ")[0]


@cache
def scripts(language: str) -> tuple[str, ...]:
    """The scripts of a language, with the names that ``script`` gives them; empty if they are unknown."""
    for code in (language, language.split("-")[0]):
        try:
            return _SCRIPTS.get(Language.get(code).maximize().script or "", ())
        except ValueError:  # not a language tag, such as en-us-nyc
            continue
    return ()


def in_word(character: str) -> bool:
    """Whether a character can be part of a word: a letter, a mark on a letter, or a joiner."""
    return character.isalpha() or unicodedata.category(character)[0] == "M" or character in _JOINERS


def is_word(text: str) -> bool:
    """Whether a text is one word, without digits and punctuation."""
    return any(c.isalpha() for c in text) and all(in_word(c) for c in text)


def listed_words(language: str, count: int) -> list[str]:
    """The commonest words of a language, commonest first; empty if there is no list of them."""
    base = language.split("-")[0]
    code = _WORDFREQ_CODES.get(base, base)
    return list(top_n_list(code, count)) if code in available_languages("small") else []


def languages_with_words() -> list[str]:
    """The languages that have a list of words, under espeak-ng's names."""
    codes = set(available_languages("small")) - {"fil", "sh"}  # no voice has these names
    return sorted(codes | set(_WORDFREQ_CODES))


def plain_letters(text: str) -> str:
    """A text in ordinary letters, which replace full-width ones, ligatures and bold ones.

    This is Unicode's form NFKC, except for Thai and Lao, where NFKC splits vowels.
    """
    plain = (c if script(c) in ("THAI", "LAO") else unicodedata.normalize("NFKC", c) for c in text)
    return unicodedata.normalize("NFC", "".join(plain))
