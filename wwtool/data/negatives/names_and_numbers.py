"""Names, numbers, digits, letters, times and dates, alone and in rows."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from wwtool.data.negatives.kind import Order, Spoken, Text
from wwtool.data.sides import of_side
from wwtool.data.texts.languages import scripts

NAMES = (
    "anna", "peter", "maria", "john", "susan", "david", "laura", "michael", "emma", "thomas", "sarah", "robert",
    "julia", "daniel", "alice", "george", "noah", "olivia", "liam", "sophia", "lucas", "mia", "elias", "hannah",
    "mohammed", "fatima", "ali", "aisha", "yusuf", "leila", "ivan", "olga", "dmitri", "natasha", "pavel", "irina",
    "carlos", "lucia", "jose", "carmen", "diego", "elena", "pierre", "camille", "antoine", "chloe", "giulia", "marco",
    "hans", "greta", "jurgen", "ingrid", "lars", "astrid", "bjorn", "freya", "kenji", "yuki", "hiroshi", "sakura",
    "wei", "ming", "priya", "arjun", "ravi", "ananya", "jamal", "kwame", "amara", "oscar", "harvey", "travis",
    "charlie", "molly", "buddy", "bella", "max", "luna", "rocky", "daisy", "jasper", "willow", "cooper", "rosie",
)  # fmt: skip


def _texts(order: Order, random: Random) -> Iterator[Text]:
    names, latin = of_side(NAMES, order.evaluation), "LATIN" in scripts(order.language)
    makers = [_digits, _numbers, _time, *([lambda random: _names(random, names), _letters] if latin else [])]
    while True:
        yield Text(random.choice(makers)(random) + random.choice(("", ".", "!", "?")), order.language)


def _digits(random: Random) -> str:
    return " ".join(str(random.randrange(10)) for _ in range(random.randint(1, 8)))


def _numbers(random: Random) -> str:
    return ", ".join(str(random.randrange(10 ** random.randint(1, 5))) for _ in range(random.randint(1, 3)))


def _time(random: Random) -> str:
    return f"{random.randrange(24)}:{random.randrange(60):02}"


def _letters(random: Random) -> str:
    return " ".join(random.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(random.randint(1, 6)))


def _names(random: Random, names: list[str]) -> str:
    return " ".join(random.choice(names) for _ in range(random.randint(1, 3)))


NAMES_AND_NUMBERS = Spoken("names, numbers and letters", texts=_texts, seconds=1.7)
