"""Interjections and answers of a syllable or two: what fills a conversation, and what is shouted."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from wwtool.data.negatives.kind import Order, Spoken, Text
from wwtool.data.sides import of_side

_WORDS = (
    "oh", "ah", "hm", "hmm", "uh", "um", "uh huh", "mm hmm", "nah", "aha", "oops", "wow", "hey", "hey hey", "hello",
    "hi", "bye", "yes", "no", "okay", "okay okay", "right", "sure", "well", "huh", "eh", "ouch", "yay", "hooray",
    "ha ha ha", "he he he", "ho ho ho", "hahaha", "la la la", "na na na", "doo doo doo", "bla bla bla", "shh", "psst",
    "brr", "yuck", "ugh", "phew", "whoa", "woo hoo", "come on", "come here", "go go go", "no no no", "yeah yeah",
    "stop it", "wait", "look", "listen", "please", "thanks", "sorry", "what", "who", "why", "really", "of course",
    "good boy", "good girl", "mama", "papa", "mummy", "daddy", "dinner", "goal", "peekaboo", "meow", "woof woof",
)  # fmt: skip


def _texts(order: Order, random: Random) -> Iterator[Text]:
    words = of_side(_WORDS, order.evaluation)
    while True:
        row = (random.choice(words) for _ in range(random.choice((1, 1, 1, 2, 3))))
        yield Text(", ".join(row) + random.choice("!.?,"), order.language)


INTERJECTIONS = Spoken("interjections", texts=_texts, seconds=1.0)
