"""Everyday sentences, so that training hears running speech with its natural melody."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

# {w} is any word, a common one more often; the other slots take words from the lists below.
_ENGLISH = """
the {noun} in the {place} is {adjective}
i think the {noun} was {adjective} {time}
can you {verb} the {noun} before {time}
we {verb} the {noun} with a {w} {noun}
{name} said that the {noun} would be {adjective}
what time does the {noun} start {time}
please {verb} it near the {place}
did you see the {adjective} {noun} that {name} bought
no, i do not want to {verb} the {w} today
there were {number} {noun}s on the {place} {time}
it was a {adjective} day, and {name} went to the {place}
how much is the {noun} in the {place}
turn left at the {place}, then look for the {noun}
she asked me to {verb} the {noun} and the {w}
they never {verb} a {noun} without a {w}
well, that depends on the {noun}
maybe we should {verb} the {w} first
{name}, have you got a {noun} for me
the {w} and the {w} are not the same
i was talking about {w} and {w}
good morning, how was the {place}
let's {verb} something {adjective} for dinner
my {noun} does not work any more
he lived in a {adjective} {noun} by the {place} for {number} years
remember to {verb} the {noun} {time}
you could hear the {noun} from the {place}
why is the {noun} so {adjective}
a {adjective} {noun} is better than a {w} one
it costs about {number} dollars, i guess
{time} we will {verb} the {adjective} {noun}
thank you, but i already have a {noun}
this is the news at {number} o'clock
the weather {time} will be {adjective} with some {w}
sorry, could you say that again
i have to go to the {place} {time}
where did {name} put the {noun}
{w} {w} {w}
{w} {w} {w} {w} {w}
all right, {w} it is
""".strip().splitlines()

_SLOTS = {
    "noun": "house table river window dinner letter garden teacher doctor train story camera picture bottle engine "
    "market paper summer winter friend mother brother kitchen pocket mountain number music office ticket morning "
    "question answer party problem company captain monkey butter hammer water coffee phone bicycle blanket cousin "
    "festival museum orange pencil rabbit sandwich station umbrella village whistle yard zebra artist battery",
    "adjective": "small large cold warm quiet noisy happy strange empty heavy yellow green simple broken expensive "
    "cheap early late perfect terrible ordinary interesting boring wonderful slow quick friendly tired hungry",
    "verb": "open close find keep move paint carry borrow follow remember forget build clean repair visit bring "
    "watch write choose finish sell cook measure count imagine protect deliver describe replace",
    "place": "station school hospital kitchen harbour park theatre library airport bridge corner village office "
    "church restaurant beach forest hotel bakery farm",
    "name": "anna peter maria john susan david laura michael emma thomas sarah robert julia daniel alice george",
    "number": "two three four five six seven eight nine ten twelve fifteen twenty thirty ninety hundred",
}
_TIMES = ["tomorrow", "tonight", "yesterday", "today", "later", "on monday", "next week", "in the morning"]
_LISTS = {name: words.split() for name, words in _SLOTS.items()} | {"time": _TIMES}
_COMMONNESS = 0.5  # the word of rank r has a chance proportional to r ** (_COMMONNESS - 1): flatter than in speech
_QUESTIONS = ("what", "can", "did", "how", "where", "why", "good morning", "have")


def english(random: Random, words: Sequence[str]) -> str:
    """A sentence from a template."""
    pieces = []
    for piece in random.choice(_ENGLISH).split("{"):
        name, brace, rest = piece.partition("}")
        pieces.append((_pick(random, words) if name == "w" else random.choice(_LISTS[name])) + rest if brace else piece)
    text = "".join(pieces)
    return text + ("?" if text.startswith(_QUESTIONS) else ".")


def any_language(random: Random, words: Sequence[str]) -> str:
    """Some words in a row, perhaps with a comma."""
    chosen = [_pick(random, words) for _ in range(random.randint(3, 10))]
    if len(chosen) > 5:
        chosen[random.randint(2, len(chosen) - 3)] += ","
    return " ".join(chosen) + random.choice(".?.!")


def _pick(random: Random, words: Sequence[str]) -> str:
    """A word whose rank follows a power law (drawn by inverting the distribution)."""
    return words[int(len(words) * random.random() ** (1.0 / _COMMONNESS))]
