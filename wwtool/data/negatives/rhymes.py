"""What rhymes with the phrase, what sounds like it in two words, and what differs from it in one consonant."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from wwtool.data.negatives.carriers import in_a_sentence
from wwtool.data.negatives.kind import Order, Spoken, Text
from wwtool.data.sides import of_side
from wwtool.data.texts import rhymes
from wwtool.data.texts.lexicon import lexicon
from wwtool.data.texts.phrases import sound_splits

_MOST_SPLITS = 200


def _alone(order: Order, random: Random) -> Iterator[Text]:
    """Rhymes and splits in equal parts."""
    book = lexicon(order.language, order.words)
    mixed = Random(order.phrase)
    rhyming = list(dict.fromkeys(rhymes.rhymes(order.phrase, order.language, book, mixed)))
    splits = list(sound_splits(order.phrase, order.language, book, mixed))[:_MOST_SPLITS]
    sources = [of_side(source, order.evaluation) for source in (rhyming, splits) if source]
    while sources:
        yield Text(random.choice(random.choice(sources)), order.language)


def _in_sentences(order: Order, random: Random) -> Iterator[Text]:
    for text in _alone(order, random):
        yield Text(in_a_sentence(text.text, order, random), order.language)


RHYMES = Spoken("rhymes of the phrase", texts=_alone, seconds=1.0, counts=False)
RHYMES_IN_SENTENCES = Spoken("rhymes of the phrase within speech", texts=_in_sentences, seconds=2.4)
