"""What is known of a language besides its voices: the scripts it is written in, and a list of its words.

A language is named as espeak-ng names its voices: ``en-us``, ``cmn``, ``pt-br``.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from langcodes import Language
from wordfreq import available_languages, top_n_list

# Languages that wordfreq knows under another code. Its "sh" is Bosnian, Croatian and Serbian in Latin letters, and the
# Cantonese voices read the characters of written Chinese.
_WORDFREQ_CODES = {"bs": "sh", "cmn": "zh", "hbs": "sh", "hr": "sh", "no": "nb", "sr": "sh", "yue": "zh"}

# ISO 15924 codes, and how Unicode's names of the letters of that script begin.
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
_JOINERS = "\u200c\u200d"  # zero width: they decide how neighbours are joined in Indic scripts and Persian


@cache
def script(letter: str) -> str:
    """The first word of a letter's Unicode name: ``LATIN``, ``CJK``, ``DEVANAGARI``; empty if it has no name."""
    return unicodedata.name(letter, "").partition(" ")[0]


@cache
def scripts(language: str) -> tuple[str, ...]:
    """The scripts a language is written in, named as ``script`` names them; empty where that is not known."""
    for code in (language, language.split("-")[0]):
        try:
            return _SCRIPTS.get(Language.get(code).maximize().script or "", ())
        except ValueError:  # of a tag that is none, such as en-us-nyc
            continue
    return ()


def in_word(character: str) -> bool:
    """Whether a character is part of a word: a letter, a sign that goes on one, or a joiner."""
    return character.isalpha() or unicodedata.category(character)[0] == "M" or character in _JOINERS


def is_word(text: str) -> bool:
    """Whether a text is one word, without digits and punctuation."""
    return any(c.isalpha() for c in text) and all(in_word(c) for c in text)


def listed_words(language: str, count: int) -> list[str]:
    """The commonest words of a language, commonest first; none where no list of them is known."""
    base = language.split("-")[0]
    code = _WORDFREQ_CODES.get(base, base)
    return list(top_n_list(code, count)) if code in available_languages("small") else []


def languages_with_words() -> list[str]:
    """The codes of languages of which words are known, as espeak-ng names them."""
    known = set(available_languages("small")) - {"fil", "sh"}  # no voice has these names
    return sorted(known | set(_WORDFREQ_CODES))


def plain_letters(text: str) -> str:
    """A text in the letters that are usual for it: full-width, ligature and bold ones give way to ordinary ones.

    This is Unicode's form NFKC, but for Thai and Lao, where that takes vowels apart.
    """
    plain = (c if script(c) in ("THAI", "LAO") else unicodedata.normalize("NFKC", c) for c in text)
    return unicodedata.normalize("NFC", "".join(plain))
