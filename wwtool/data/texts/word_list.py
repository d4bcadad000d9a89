"""A user's own list of words, for a language of which none is known."""

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
    """The words of a text file, the most frequent first and equally frequent ones as they stand there.

    A list of one word a line, with or without its count, and running text will both do.

    Raises:
        InputError: the file cannot be read, is no text, or has too few words.
    """
    counts = Counter(
        word
        for word in (w.strip("'-\u2019") for w in _BETWEEN_WORDS.split(plain_letters(_text(path)).lower()))
        if len(word) <= _LONGEST_WORD and is_word(word)
    )
    if len(counts) < FEWEST_WORDS:
        raise InputError(f"{path} holds {len(counts)} different words, {FEWEST_WORDS} are needed; add more, one a line")
    return tuple(word for word, _ in counts.most_common(LEXICON_WORDS))


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise InputError(f"{path} is no file of words; give a text file, one word a line")
        if path.stat().st_size > _LARGEST_FILE:
            raise InputError(f"{path} is larger than {_LARGEST_FILE >> 20} MiB; the commonest 20,000 words will do")
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {(error.strerror or '').lower()}; check the path") from error
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not text in UTF-8 or UTF-16; save it as UTF-8") from error
