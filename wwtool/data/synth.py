"""Synthesises a data folder: the phrase, near misses and sentences, in many voices.

The plan (texts, voices and ways of speaking) depends only on phrase and seed. A clip's file is named by a hash of the
utterance and appears complete or not at all. So an interrupted run goes on where it stopped, and a changed plan keeps
the clips that it shares with the old one.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeVar

from wwtool.base.files import hash_of, write_text
from wwtool.base.processes import worker_pool
from wwtool.data import clip_cache
from wwtool.data.audio import Audio, write_audio
from wwtool.data.casting import Cast, Commands, plain_cast, synthesizers
from wwtool.data.dataset import INDEX_NAME
from wwtool.data.espeak import phonemes
from wwtool.data.shaping import reshape
from wwtool.data.synthesizers.interface import NaturalSynthesizer, Synthesizer, Utterance
from wwtool.data.texts import phrases
from wwtool.data.texts.pronunciations import written
from wwtool.data.texts.variation import another_way
from wwtool.data.texts.ways import Way, heard_ways, phone_names, read_way
from wwtool.errors import InputError

Job = TypeVar("Job")
Result = TypeVar("Result")
Words = tuple[str, ...] | None  # words of the language, commonest first; None: wwtool's own list

PROCESSES = 2
SECONDS_PER_SENTENCE = 2.2  # on average, measured; turns hours into a number of sentences
_BATCH = 64
_WORTH_A_PROCESS = 300  # a second process takes longer to start than to make fewer clips than this
_SLOW_BATCH, _SLOW_WORTH_A_PROCESS = 8, 16  # of natural voices
_CLIP_VERSION = 1  # of what makes samples of an utterance: another one makes all clips again

_COLUMNS = ["path", "label", "speaker", "text"]
_CLIP = re.compile(r"(positive|hard_negative|negative)/[^/]+/[0-9a-f]{16}\.flac")  # as PlannedClip.path has it
_OTHER_WAYS = 0.35  # share of what is said with other stresses, vowels or endings
# Punctuation changes the melody of the phrase.
_DELIVERIES = ("{}", "{}", "{}", "{}.", "{}!", "{}?", "{},")


@dataclass(frozen=True)
class PlannedClip:
    """One clip of a data folder."""

    label: str  # positive, hard_negative or negative
    utterance: Utterance

    @property
    def path(self) -> str:
        """Relative to the data folder."""
        return f"{self.label}/{self.utterance.speaker}/{hash_of(self.utterance.facts())}.flac"


@dataclass(frozen=True)
class SynthReport:
    """The clips of a data folder by label: ``made`` in this run, ``kept`` from an earlier one."""

    clips: dict[str, int]
    made: int
    kept: int


def plan_phrase(
    phrase: str,
    count: int,
    seed: int = 0,
    language: str = "en-us",
    cast: Cast = plain_cast,
    pronunciations: Sequence[str] = (),
) -> list[Utterance]:
    """The phrase itself, spoken ``count`` times in different ways; fewer, if the cast has nobody.

    ``pronunciations``: ways to say it that a user has given; each is heard as often as the voices' own.
    """
    phrase = phrases.normalize_phrase(phrase, language)
    random = Random(f"positive {seed} {phrase} {language}")
    ways = [Way(phrase), *(read_way(given, phrase, language) for given in pronunciations)]
    spoken: list[Utterance] = []
    for number, way in enumerate(ways):
        share = len(range(number, count, len(ways)))
        said = cast([random.choice(_DELIVERIES).format(way.spelling) for _ in range(share)], language, random)
        if way.phones:
            spoken += [replace(u, phonemes=way.phones, accent=language) for u in said]
        else:
            spoken += [_varied(u, language, random) for u in said] if way.spelling == phrase else said
    if len(ways) > 1:
        random.shuffle(spoken)
    return spoken


def plan_near_misses(
    phrase: str, count: int, seed: int = 0, language: str = "en-us", words: Words = None, cast: Cast = plain_cast,
    pronunciations: Sequence[str] = (),
) -> list[Utterance]:  # fmt: skip
    """Texts that sound almost like the phrase."""
    random = Random(f"hard_negative {seed} {phrase} {language}")
    also = heard_ways(phrase, language, pronunciations)
    said = cast(phrases.near_misses(phrase, count, seed, language, words, also), language, random)
    return [_varied(utterance, language, random) for utterance in said]  # how it is said must not tell what is said


def plan_words(
    phrase: str, count: int, seed: int = 0, language: str = "en-us", words: Words = None, cast: Cast = plain_cast,
    pronunciations: Sequence[str] = (),
) -> list[Utterance]:  # fmt: skip
    """Single words and names, and words with the rhythm of the phrase, said as the phrase is."""
    random = Random(f"words {seed} {phrase} {language}")
    also = heard_ways(phrase, language, pronunciations)
    texts = phrases.single_words(phrase, count, seed, language, words, also)
    said = cast([random.choice(_DELIVERIES).format(text) for text in texts], language, random)
    return [_varied(utterance, language, random) for utterance in said]


def plan_sentences(
    phrase: str, count: int, seed: int = 0, language: str = "en-us", words: Words = None, cast: Cast = plain_cast,
    pronunciations: Sequence[str] = (),
) -> list[Utterance]:  # fmt: skip
    """Sentences without the phrase."""
    random = Random(f"negative {seed} {phrase} {language}")
    also = heard_ways(phrase, language, pronunciations)
    return cast(phrases.sentences(count, seed, language, phrase, words, also), language, random)


def _varied(said: Utterance, language: str, random: Random) -> Utterance:
    """The utterance, now and then with other stresses, other vowels or another ending."""
    if said.phonemes or random.random() >= _OTHER_WAYS:
        return said
    accent = said.accent or language
    way = another_way(phonemes(said.text, accent), random, said.text, phone_names(language))
    return replace(said, accent=accent, phonemes=written(way))


def plan_all(
    phrase: str,
    positives: int,
    near_misses: int,
    sentences: int,
    seed: int = 0,
    language: str = "en-us",
    words: Words = None,
    pronunciations: Sequence[str] = (),
) -> list[PlannedClip]:
    """All clips of a data folder."""
    ways = pronunciations
    parts = {
        "positive": plan_phrase(phrase, positives, seed, language, pronunciations=ways),
        "hard_negative": plan_near_misses(phrase, near_misses, seed, language, words, pronunciations=ways),
        "negative": plan_sentences(phrase, sentences, seed, language, words, pronunciations=ways),
    }
    return [PlannedClip(label, utterance) for label, utterances in parts.items() for utterance in utterances]


def is_synthetic_path(path: str) -> bool:
    """Whether a path in a data folder is one that ``synthesize`` gives its clips."""
    return _CLIP.fullmatch(path) is not None


def render(utterances: Sequence[Utterance], processes: int = PROCESSES, commands: Commands = ()) -> Iterator[Audio]:
    """Speaks utterances in order, as int16 at 16 kHz, in memory; ``commands`` are the programs of a config."""
    there = synthesizers(commands)
    slow = any(there[name].natural for name in {utterance.engine for utterance in utterances})
    pace = (_SLOW_BATCH, _SLOW_WORTH_A_PROCESS) if slow else (_BATCH, _WORTH_A_PROCESS)
    if slow and all(_is_kept(utterance, there[utterance.engine]) for utterance in utterances):
        processes = 1
    for batch in _in_batches(partial(_speak_batch, commands=commands), utterances, processes, *pace):
        yield from batch
    if slow:
        clip_cache.shrink()


def synthesize(
    phrase: str,
    folder: Path,
    positives: int = 4000,
    near_misses: int = 4500,
    sentence_hours: float = 3.2,
    seed: int = 0,
    language: str = "en-us",
    processes: int = PROCESSES,
    progress: Callable[[int, int], None] | None = None,
    words: Words = None,
    pronunciations: Sequence[str] = (),
) -> SynthReport:
    """Makes or completes a data folder with ``index.csv``.

    Args:
        phrase: the wake word.
        folder: the data folder; it is made if it does not exist.
        positives: clips of the phrase.
        near_misses: clips that sound almost like it.
        sentence_hours: hours of ordinary sentences, roughly.
        seed: another seed, other voices and texts.
        language: of the voices, such as ``en-us``.
        processes: the number of processes.
        progress: called with the number of finished clips and of all clips.
        words: words of the language, commonest first, if wwtool has no list of its own.
        pronunciations: more ways to say the phrase, in IPA between slashes or as a spelling.

    Raises:
        InputError: the phrase cannot be spoken, there are too few words of the language, the folder cannot be written,
            or it has an index that wwtool did not write.
    """
    sentences = round(sentence_hours * 3600 / SECONDS_PER_SENTENCE)
    _refuse_another_index(folder / INDEX_NAME)
    planned = plan_all(phrase, positives, near_misses, sentences, seed, language, words, pronunciations)
    clips = list({clip.path: clip for clip in planned}.values())
    missing = [clip for clip in clips if not (folder / clip.path).exists()]
    done = len(clips) - len(missing)
    jobs = [(folder / clip.path, clip.utterance) for clip in missing]
    for count in _in_batches(_write_batch, jobs, processes):
        done += count
        if progress is not None:
            progress(done, len(clips))
    write_text(folder / INDEX_NAME, _index(clips))
    labels = [clip.label for clip in clips]
    counts = {label: labels.count(label) for label in dict.fromkeys(labels)}
    return SynthReport(counts, made=len(missing), kept=len(clips) - len(missing))


def speak(utterance: Utterance, commands: Commands = ()) -> Audio:
    """Speaks an utterance, as int16 at 16 kHz. What natural voices say is kept in the user's cache.

    Raises:
        ToolError: the synthesizer failed.
    """
    synthesizer = synthesizers(commands)[utterance.engine]
    if not isinstance(synthesizer, NaturalSynthesizer):
        return synthesizer.speak(utterance)
    key = _key(utterance, synthesizer)
    kept = clip_cache.load(key)
    if kept is not None:
        return kept
    # A higher pitch makes a clip shorter, so it is spoken more slowly.
    slower = replace(utterance, rate=utterance.rate / utterance.shape.pitch)
    audio = reshape(synthesizer.speak(slower), utterance.shape)
    clip_cache.save(key, audio)
    return audio


def _key(utterance: Utterance, synthesizer: NaturalSynthesizer) -> str:
    return hash_of(_CLIP_VERSION, synthesizer.fingerprint_of(utterance), utterance.facts())


def _is_kept(utterance: Utterance, synthesizer: Synthesizer) -> bool:
    return isinstance(synthesizer, NaturalSynthesizer) and clip_cache.has(_key(utterance, synthesizer))


def _speak_batch(utterances: Sequence[Utterance], commands: Commands = ()) -> list[Audio]:
    return [speak(utterance, commands) for utterance in utterances]


def _write_batch(jobs: Sequence[tuple[Path, Utterance]]) -> int:
    for (path, _), audio in zip(jobs, _speak_batch([utterance for _, utterance in jobs]), strict=True):
        write_audio(path, audio)
    return len(jobs)


def _in_batches(
    work: Callable[[Sequence[Job]], Result], jobs: Sequence[Job], processes: int, size: int = _BATCH,
    worth_a_process: int = _WORTH_A_PROCESS,
) -> Iterator[Result]:  # fmt: skip
    """Results of ``work`` on successive batches, in order; the processes end even if the caller stops early."""
    batches = [jobs[i : i + size] for i in range(0, len(jobs), size)]
    if processes <= 1 or len(jobs) < worth_a_process:
        yield from map(work, batches)
        return
    with worker_pool(processes) as pool:
        yield from pool.map(work, batches)


def _refuse_another_index(path: Path) -> None:
    """Refuses an index that this module did not write; its own names only clips that it made."""
    if not path.is_symlink() and not path.exists():
        return
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines())) if path.is_file() else []
    except (OSError, ValueError, csv.Error):
        rows = []
    if rows[:1] != [_COLUMNS] or not all(row and _CLIP.fullmatch(row[0]) for row in rows[1:]):
        raise InputError(f"{path} was not made by wwtool and would be replaced; choose another folder with --out")


def _index(clips: Sequence[PlannedClip]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    table.writerows([clip.path, clip.label, clip.utterance.speaker, clip.utterance.text] for clip in clips)
    return text.getvalue()
