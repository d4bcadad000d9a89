"""The phrase itself, and texts to train against: phrases that sound almost like it, and ordinary sentences.

None of these texts contains the phrase or anything that sounds the same.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random

from wwtool.data.espeak import accents, languages
from wwtool.data.texts import sentence_templates as templates
from wwtool.data.texts.languages import in_word, plain_letters, script
from wwtool.data.texts.lexicon import Lexicon, lexicon
from wwtool.data.texts.rhymes import rhymes
from wwtool.data.texts.rhythm import alike_in_rhythm
from wwtool.data.texts.sounds import Sounds, contains, sounds
from wwtool.data.texts.spelling import spelled_part
from wwtool.errors import InputError

LONGEST_PHRASE = 60
_APOSTROPHE = "\u2019"  # the one of word processors
_SILENT = dict.fromkeys(map(ord, ".,!?\u00a1\u00bf\u00b7\u0964\u060c\u061f"))  # with inverted ones, danda, Arabic
_BREAKS = dict.fromkeys(map(ord, "\u3001\u3002\u30fb"), " ")  # Japanese and Chinese
_PUNCTUATION = {*map(chr, _SILENT | _BREAKS), *" '-", _APOSTROPHE}
_SHORTEST_SOUNDS = 3
_SPLIT_CANDIDATES = 12
_NEIGHBOURS = 80
_FEWEST_NEAR_MISSES = 20
_TRIES = 100  # for each text that is wanted
_SYLLABIC = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "ETHIOPIC")  # scripts whose letters are syllables


def normalize_phrase(phrase: str, language: str = "en-us") -> str:
    """The phrase as it is spoken: ordinary letters in lower case, single spaces, no punctuation but ``'`` and ``-``.

    Raises:
        InputError: the phrase is empty, too short or too long, or a voice of that language cannot say it.
    """
    text = " ".join(plain_letters(phrase).split())
    if len(text) > LONGEST_PHRASE:
        raise InputError(f"the phrase has {len(text)} characters; use at most {LONGEST_PHRASE}")
    if not accents(language):
        raise InputError(f"there is no voice for the language {language!r}; use one of {', '.join(languages())}")
    for character in text:
        if not (character.isalnum() or in_word(character) or character in _PUNCTUATION):
            raise InputError(f"the phrase {text!r} contains {character!r}, which is not spoken; write only words")
    words = text.replace(_APOSTROPHE, "'").translate(_SILENT | _BREAKS).split()
    written = " ".join(word for word in (word.strip("'-") for word in words) if word)
    if not any(c.isalnum() for c in written):
        raise InputError("the phrase is empty; give the wake word as text, such as 'hey computer'")
    if part := spelled_part(written, language):
        raise InputError(
            f"the phrase {text!r} contains {part!r}, which the {language} voice cannot say, only spell; write it "
            f"in letters of that language, or choose another language with --language"
        )
    spoken = written.lower()
    if len(sounds(spoken, language)) < _SHORTEST_SOUNDS:
        raise InputError(f"the phrase {spoken!r} is too short to tell it from other speech; use two syllables or more")
    return spoken


def printable_phrase(phrase: str) -> str:
    """The phrase as it is written. That is enough for training on recordings alone, where no voice has to say it.

    Raises:
        InputError: the phrase is empty or cannot be shown.
    """
    text = " ".join(unicodedata.normalize("NFC", phrase).split())
    if not text:
        raise InputError("the phrase is empty; give the wake word as text, such as 'hey computer'")
    if not text.isprintable():
        raise InputError(f"the phrase {text!r} contains control characters; write only words")
    return text


def near_misses(
    phrase: str,
    count: int,
    seed: int = 0,
    language: str = "en-us",
    words: tuple[str, ...] | None = None,
    also: Sequence[Sounds] = (),
) -> list[str]:
    """Texts that sound like the phrase or like a part of it; they repeat only after all different ones.

    Args:
        phrase: the wake word.
        count: the number of texts.
        seed: another seed, another order.
        language: of the voices, such as ``en-us``.
        words: words of the language, if wwtool has no list of its own.
        also: other ways to say the phrase, which no text may sound like either.

    Raises:
        InputError: there are too few words, or too few texts that sound like the phrase without being it.
    """
    if not count:
        return []
    phrase = normalize_phrase(phrase, language)
    random = Random(f"near {seed} {phrase} {language}")
    differs = differs_from(phrase, language, also)
    book = lexicon(language, words)
    sources: list[list[str]] = []
    for make in (_one_word_replaced, _partial, sound_splits, rhymes, _around):
        texts = [text for text in dict.fromkeys(make(phrase, language, book, random)) if differs(text)]
        random.shuffle(texts)
        sources.append(texts)
    merged = list(_round_robin(sources))
    if len(merged) < min(count, _FEWEST_NEAR_MISSES):
        raise InputError(
            f"only {len(merged)} texts sound almost like {phrase!r}, but wwtool needs {_FEWEST_NEAR_MISSES}; give more "
            f"words of the language with --words FILE, or choose another phrase"
        )
    return [merged[i % len(merged)] for i in range(count)]


def single_words(
    phrase: str, count: int, seed: int = 0, language: str = "en-us", words: tuple[str, ...] | None = None,
    also: Sequence[Sounds] = (),
) -> list[str]:  # fmt: skip
    """Words that are said alone, as the phrase is: any word of the language, and as often ones with its rhythm.

    The arguments are those of ``near_misses``.

    Raises:
        InputError: there are too few words, or almost all of them sound like the phrase.
    """
    if not count:
        return []
    phrase = normalize_phrase(phrase, language)
    random, book = Random(f"words {seed} {phrase} {language}"), lexicon(language, words)
    differs, alike = differs_from(phrase, language, also), alike_in_rhythm(phrase, language, book, random)
    texts: list[str] = []
    for attempt in itertools.count():
        if len(texts) >= count:
            return texts
        if attempt > _TRIES * (count + 10):
            raise InputError(f"almost every word sounds like the phrase {phrase!r}; choose another phrase")
        text = next(alike) if attempt % 2 else random.choice(book.words)
        if differs(text):
            texts.append(text)
    return texts


def sentences(
    count: int,
    seed: int = 0,
    language: str = "en-us",
    avoid: str | None = None,
    words: tuple[str, ...] | None = None,
    also: Sequence[Sounds] = (),
) -> list[str]:
    """Ordinary sentences; none contains ``avoid`` or sounds as if it did.

    ``words`` are words of the language, if wwtool has no list of its own; ``also`` are other ways to say ``avoid``.

    Raises:
        InputError: there are too few words, or almost every sentence contains ``avoid``.
    """
    if not count:
        return []
    random = Random(f"sentences {seed} {language}")
    differs = differs_from(normalize_phrase(avoid, language), language, also) if avoid else lambda _text: True
    common = lexicon(language, words).words[:6000]
    english = language.split("-")[0] == "en"
    accepted: list[str] = []
    for attempt in itertools.count(1):
        if len(accepted) >= count:
            break
        if attempt > _TRIES * (count + 10):
            raise InputError(f"almost every sentence contains the phrase {avoid!r}; choose a longer phrase")
        text = templates.english(random, common) if english else templates.any_language(random, common)
        if differs(text):
            accepted.append(text)
    return accepted


def differs_from(phrase: str, language: str, also: Sequence[Sounds] = ()) -> Callable[[str], bool]:
    """A test for texts: whether one differs from the phrase in the main accents of the language.

    ``also``: other ways to say the phrase.
    """
    ears = [language, *(accent for accent in accents(language)[1:] if accent in ("en", "en-us"))]
    targets: list[tuple[str, Sounds]] = [(ear, sounds(phrase, ear)) for ear in ears]
    targets += [(language, way) for way in also]
    words = f" {phrase} "

    def differs(text: str) -> bool:
        if words in f" {''.join(c for c in text.lower() if c not in '.,!?')} ":
            return False
        return not any(contains(sounds(text, ear), target) for ear, target in targets)

    return differs


def _one_word_replaced(phrase: str, language: str, book: Lexicon, random: Random) -> Iterator[str]:
    """Words that sound like a word of the phrase, alone and in its place."""
    words = phrase.split()
    for i, word in enumerate(words):
        for _, other in book.nearest(sounds(word, language), _NEIGHBOURS, farthest=0.5 * len(word) + 1):
            yield " ".join([*words[:i], other, *words[i + 1 :]])
            if len(words) == 1 or len(word) > 3:
                yield other
    if len(words) > 1:
        near = [[w for _, w in book.nearest(sounds(word, language), 25)] or [word] for word in words]
        for _ in range(200):
            yield " ".join(random.choice(choices) for choices in near)


def _partial(phrase: str, language: str, book: Lexicon, random: Random) -> Iterator[str]:
    """Beginnings and ends of the phrase, single words, words in another order, the phrase without a word."""
    del language, book, random
    words = phrase.split()
    for word in words:
        if len(words) > 1:
            yield word
        shortest = 1 if script(word[0]) in _SYLLABIC else 2
        for cut in range(shortest, len(word) - shortest + 1):
            if _pronounceable(word[:cut]):
                yield " ".join([*words[: words.index(word)], word[:cut]])
            if _pronounceable(word[cut:]):
                yield " ".join([word[cut:], *words[words.index(word) + 1 :]])
    for order in itertools.permutations(words[:4]) if len(words) > 1 else ():
        yield " ".join(order)
    for skipped in range(len(words)) if len(words) > 2 else ():
        yield " ".join(words[:skipped] + words[skipped + 1 :])
    if len(words) > 1:
        yield " ".join([words[0], words[0]])
        yield " ".join([words[-1], words[-1]])


def sound_splits(phrase: str, language: str, book: Lexicon, random: Random) -> Iterator[str]:
    """Two or three words that together sound like the phrase: "come pewter" for "computer"."""
    whole = sounds(phrase, language)
    pairs: list[tuple[float, str]] = []
    for cut in range(2, len(whole) - 1):
        starts = book.nearest(whole[:cut], _SPLIT_CANDIDATES)
        ends = book.nearest(whole[cut:], _SPLIT_CANDIDATES)
        pairs += [(a + b, f"{first} {second}") for a, first in starts for b, second in ends]
    pairs.sort()
    best = [text for _, text in pairs[: max(150, len(pairs) // 3)]]
    random.shuffle(best)
    yield from best


def _around(phrase: str, language: str, book: Lexicon, random: Random) -> Iterator[str]:
    """A word of the phrase, or one that sounds like it, next to ordinary words."""
    for word in phrase.split():
        alike = [w for _, w in book.nearest(sounds(word, language), 40)]
        for _ in range(150):
            centre = random.choice([word, *alike]) if len(phrase.split()) > 1 else random.choice(alike)
            before, after = random.choice(book.words[:800]), random.choice(book.words[:800])
            yield random.choice([f"{before} {centre}", f"{centre} {after}", f"{before} {centre} {after}"])


def _pronounceable(fragment: str) -> bool:
    """Whether it has a vowel, so that a voice reads it instead of spelling it."""
    return any(unicodedata.normalize("NFD", c)[0] in "aeiouy" or not c.isascii() for c in fragment)


def _round_robin(sources: Iterable[list[str]]) -> Iterator[str]:
    """One text of each source in turn, each text once, until all sources are empty."""
    queues = [iter(source) for source in sources]
    seen: set[str] = set()
    while queues:
        for queue in list(queues):
            text = next((t for t in queue if t not in seen), None)
            if text is None:
                queues.remove(queue)
            else:
                seen.add(text)
                yield text
