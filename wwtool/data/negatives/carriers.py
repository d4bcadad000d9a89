"""Puts words into running speech, in any language."""

from __future__ import annotations

from functools import cache
from random import Random

from wwtool.data.negatives.kind import Order
from wwtool.data.texts.languages import is_word, listed_words

_COMMON_WORDS = 1500
_ENGLISH = (
    "{}", "i said {} yesterday", "{} is what he told me", "did you hear {} on the radio", "it was {}, i think",
    "we looked for {} all day", "no, not {}, the other one", "my brother calls it {}", "and then {} came along",
    "{} and so on", "she laughed and said {}", "there is no {} in the kitchen", "what does {} mean",
    "you can find {} near the station", "have you ever seen {} before", "{} would be better, wouldn't it",
    "the man with the {} went home", "i do not like {} very much",
)  # fmt: skip


@cache
def common_words(language: str) -> tuple[str, ...]:
    """Frequent words of a language; empty if there is no list of them."""
    return tuple(word for word in listed_words(language, _COMMON_WORDS) if is_word(word))


def in_a_sentence(text: str, order: Order, random: Random) -> str:
    """The text with other words around it."""
    words = order.words or common_words(order.language)
    if order.language.partition("-")[0] == "en" and random.random() < 0.6:
        return random.choice(_ENGLISH[1:]).format(text)
    before, after = (random.choices(words, k=random.randint(0, 4)) if words else [] for _ in range(2))
    return " ".join([*before, text, *after]) + random.choice(".?.!,")
