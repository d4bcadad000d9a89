"""What a kind of negatives is. A kind is one of the classes below, filled with a function that makes its content.

Training and evaluation get other texts, other voices and other random numbers of every kind.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from random import Random

import numpy as np

from wwtool.base.files import hash_of
from wwtool.data.audio import Audio, to_int16
from wwtool.data.casting import Cast, Commands, natural_cast, plain_cast
from wwtool.data.sides import held_out, trim
from wwtool.data.synth import Words, render
from wwtool.data.synthesizers.interface import Utterance
from wwtool.data.texts import sounds
from wwtool.data.texts.phrases import differs_from
from wwtool.data.utterance import FloatAudio
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

_BATCH = 256  # texts that get voices together
_NATURAL_TRIES = 4  # texts for each clip of a natural voice, as not every language has one
_MOST_BATCHES = 100  # until there are enough of the voices of one side


@dataclass(frozen=True)
class Order:
    """What to make, and of what.

    ``evaluation``: for evaluation, not for training. ``natural``: how many clips natural voices say, besides the hours
    of the other voices; ``commands`` are programs that speak too. ``speech``: clips of ordinary speech of the same
    side, for kinds that mix some in. ``also``: other ways to say the phrase, which nothing may sound
    like.
    """

    hours: float
    seed: int
    evaluation: bool
    phrase: str
    language: str = "en-us"
    words: Words = None
    speech: Sequence[Audio] = ()
    also: tuple[sounds.Sounds, ...] = ()
    natural: int = 0
    commands: Commands = ()


@dataclass(frozen=True)
class Kind(ABC):
    """A kind of audio without the phrase.

    Attributes:
        title: what it is, for people.
        trained: False if it is kept for evaluation; it shows what a kind that was never trained on does.
        counts: whether it belongs into false alarms per hour. What nobody says by the hour does not.
        spoken: whether it is speech, or has speech in it.
        voiced: whether a voice must speak it.
        recorded: whether people said it.
    """

    title: str
    _: KW_ONLY
    trained: bool = True
    counts: bool = True
    spoken: bool = True
    voiced: bool = False
    recorded: bool = False

    def clips(self, order: Order) -> Iterator[Audio]:
        """Clips of about as many hours as the order says. The same order gives the same clips."""
        return self._clips(order, hash_of(self.title, order.seed, order.evaluation, order.language))

    @abstractmethod
    def _clips(self, order: Order, seed: str) -> Iterator[Audio]: ...


@dataclass(frozen=True)
class Recorded(Kind):
    """Recordings, or speech that is synthesised with the phrase: described here, made elsewhere."""

    def _clips(self, order: Order, seed: str) -> Iterator[Audio]:
        return iter(())


@dataclass(frozen=True)
class Text:
    """What to say, and the language of the voice."""

    text: str
    language: str


@dataclass(frozen=True, kw_only=True)
class Spoken(Kind):
    """Texts, said by every voice there is. A text that sounds like the phrase is left out.

    ``texts`` yields texts without end; ``seconds`` is how long one lasts, about. ``cast`` gives them voices other than
    natural ones; with ``splits``, some of those are for training and some for evaluation.
    """

    texts: Callable[[Order, Random], Iterator[Text]]
    seconds: float = 2.0
    voiced: bool = True
    cast: Cast = plain_cast
    splits: bool = True

    def _clips(self, order: Order, seed: str) -> Iterator[Audio]:
        return map(trim, render(self.plan(order, seed), processes=1, commands=order.commands))

    def plan(self, order: Order, seed: str) -> list[Utterance]:
        """What is said, and how; voices are those of the order's side."""
        random, count = Random(seed), max(4, round(order.hours * 3600 / self.seconds))
        differs, chosen = differs_from(order.phrase, order.language, order.also), list[Utterance]()
        texts = self.texts(order, random)
        for _ in range(_MOST_BATCHES):
            said = _said_by(self.cast, itertools.islice(texts, _BATCH), random)
            ours = [u for u in said if not self.splits or held_out(u) == order.evaluation]
            chosen += [utterance for utterance in ours if differs(utterance.text)]
            if len(chosen) >= count or not said:
                break
        random.shuffle(chosen)
        natural_voices = natural_cast(order.evaluation, commands=order.commands)
        natural = _said_by(natural_voices, itertools.islice(texts, _NATURAL_TRIES * order.natural), random)
        natural = [u for u in natural if differs(u.text)]
        random.shuffle(natural)
        return [*chosen[:count], *natural[: order.natural]]


def _said_by(cast: Cast, texts: Iterable[Text], random: Random) -> list[Utterance]:
    """The texts with voices, language by language."""
    by_language: dict[str, list[str]] = {}
    for text in texts:
        by_language.setdefault(text.language, []).append(text.text)
    return [u for language, said in by_language.items() for u in cast(said, language, random)]


@dataclass(frozen=True, kw_only=True)
class Sounds(Kind):
    """Computed sounds; ``sound`` makes one clip of them, with a peak of at most 1."""

    sound: Callable[[np.random.Generator], FloatAudio]
    spoken: bool = False

    def _clips(self, order: Order, seed: str) -> Iterator[Audio]:
        random = np.random.default_rng(int(seed, 16))
        return _enough(order.hours, lambda: self.sound(random))


@dataclass(frozen=True, kw_only=True)
class Mixes(Kind):
    """Speech of the order, mixed with something; ``mix`` makes one clip, with a peak of at most 1."""

    mix: Callable[[Sequence[Audio], np.random.Generator], FloatAudio]

    def _clips(self, order: Order, seed: str) -> Iterator[Audio]:
        random = np.random.default_rng(int(seed, 16))
        return _enough(order.hours if len(order.speech) else 0.0, lambda: self.mix(order.speech, random))


def _enough(hours: float, make: Callable[[], FloatAudio]) -> Iterator[Audio]:
    missing = hours * 3600 * SAMPLE_RATE_HZ
    while missing > 0:
        clip = make()
        missing -= len(clip)
        yield to_int16(clip)
