"""Speech in other languages than the phrase's. Three of them are never trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random

from wwtool.data.espeak import accents
from wwtool.data.negatives.carriers import common_words
from wwtool.data.negatives.kind import Order, Spoken, Text
from wwtool.data.texts import sentence_templates

_TRAINED = ("en-us", "de", "es", "fr-fr", "it", "pt-br", "nl", "pl", "ru", "tr", "hi", "cmn", "ar", "vi")
_UNSEEN = ("el", "sv", "ko")


def _of(languages: Sequence[str]) -> Callable[[Order, Random], Iterator[Text]]:
    def texts(order: Order, random: Random) -> Iterator[Text]:
        own = order.language.partition("-")[0]
        others = [name for name in languages if name.partition("-")[0] != own and accents(name) and common_words(name)]
        while others:
            language = random.choice(others)
            yield Text(sentence_templates.any_language(random, common_words(language)), language)

    return texts


OTHER_LANGUAGES = Spoken("speech in other languages", texts=_of(_TRAINED), seconds=2.6)
UNSEEN_LANGUAGES = Spoken("speech in languages never trained on", texts=_of(_UNSEEN), seconds=2.6, trained=False)
