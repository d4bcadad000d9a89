"""Parts of the phrase: one of its words, its first word before another, words that begin or end like it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from wwtool.data.negatives.carriers import common_words, in_a_sentence
from wwtool.data.negatives.kind import Order, Spoken, Text
from wwtool.data.negatives.names_and_numbers import NAMES
from wwtool.data.sides import of_side
from wwtool.data.texts.lexicon import Lexicon, lexicon
from wwtool.data.texts.sounds import sounds

_IN_A_SENTENCE = 0.6
_SHARED_SOUNDS = 3
_BEGINNING, _END = slice(_SHARED_SOUNDS), slice(-_SHARED_SOUNDS, None)


def _texts(order: Order, random: Random) -> Iterator[Text]:
    words, language = order.phrase.split(), order.language
    alike = of_side(_sharing_sounds(words, language, lexicon(language, order.words)), order.evaluation)
    others = of_side([*NAMES, *(order.words or common_words(language))[:400]], order.evaluation)
    while True:
        parts = [random.choice(alike)] if alike else []
        if len(words) > 1:
            parts += [
                words[0],
                words[-1],
                f"{words[0]} {random.choice(others)}",
                f"{random.choice(others)} {words[-1]}",
            ]
        part = random.choice(parts or others)
        yield Text(in_a_sentence(part, order, random) if random.random() < _IN_A_SENTENCE else part, language)


def _sharing_sounds(words: list[str], language: str, book: Lexicon) -> list[str]:
    """Words that begin or end with the sounds with which a word of the phrase does."""
    said = [sound for word in words if len(sound := sounds(word, language)) >= _SHARED_SOUNDS]
    first, last = ({sound[part] for sound in said} for part in (_BEGINNING, _END))
    spoken = zip(book.words, book.sounds, strict=True)
    return [word for word, sound in spoken if word not in words and (sound[_BEGINNING] in first or sound[_END] in last)]


PHRASE_PARTS = Spoken("parts of the phrase", texts=_texts, seconds=1.6)
