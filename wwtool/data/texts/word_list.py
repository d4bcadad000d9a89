"""Reads a user's list of words, for a language of which wwtool has none."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from wwtool.data.texts.languages import is_word, plain_letters
from wwtool.data.texts.lexicon import FEWEST_WORDS, LEXICON_WORDS
from wwtool.errors import InputError

_LARGEST_FILE = 64 << 20
_LONGEST_WORD = 40
_BETWEEN_WORDS = re.compile(r"[\s,;:.!?\"()\[\]{}<>|/\u00ab\u00bb\u201c\u201d\u201e\u3001\u3002\u0964\u060c\u061f]+")


def read_words(path: Path) -> tuple[str, ...]:
    """The words of a text file, the most frequent first; equally frequent words keep their order.

    The file may be a list with one word per line, with or without counts, or running text.

    Raises:
        InputError: the file cannot be read, is not text, or has too few words.
    """
    counts = Counter(
        word
        for word in (w.strip("'-\u2019") for w in _BETWEEN_WORDS.split(plain_letters(_text(path)).lower()))
        if len(word) <= _LONGEST_WORD and is_word(word)
    )
    if len(counts) < FEWEST_WORDS:
        raise InputError(f"{path} has {len(counts)} different words, but wwtool needs {FEWEST_WORDS}; add more")
    return tuple(word for word, _ in counts.most_common(LEXICON_WORDS))


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise InputError(f"{path} is not a file; give a text file with one word per line")
        if path.stat().st_size > _LARGEST_FILE:
            raise InputError(f"{path} is larger than {_LARGEST_FILE >> 20} MiB; the commonest 20,000 words are enough")
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {(error.strerror or '').lower()}; check the path") from error
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not text in UTF-8 or UTF-16; save it as UTF-8") from error
