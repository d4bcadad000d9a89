"""Sentences by voices that are made of recordings. Where natural voices train, these are kept for evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from wwtool.data.casting import recorded_cast
from wwtool.data.negatives.carriers import common_words
from wwtool.data.negatives.kind import Order, Spoken, Text
from wwtool.data.texts import sentence_templates


def _texts(order: Order, random: Random) -> Iterator[Text]:
    words = order.words or common_words(order.language)
    english = order.language.partition("-")[0] == "en"
    make = sentence_templates.english if english else sentence_templates.any_language
    while words:
        yield Text(make(random, words), order.language)


RECORDED_VOICES = Spoken(
    "synthesizers never trained on", texts=_texts, seconds=2.2, trained=False, cast=recorded_cast, splits=False
)
