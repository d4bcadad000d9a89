"""The data stage: recordings and synthetic speech, decoded once into clip stores, by use and split.

Synthetic voices are split like speakers: a voice heard in training is not heard in evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from wwtool.config import Config
from wwtool.data.audio import Audio, audio_pieces, read_audio
from wwtool.data.dataset import SPEECH_LABELS, Clip, Dataset
from wwtool.data.negatives import KINDS
from wwtool.data.rooms import can_simulate, simulated_rooms
from wwtool.data.sides import HELD_OUT, held_out, trim
from wwtool.data.store import ClipStore, write_store
from wwtool.data.synth import SECONDS_PER_SENTENCE, plan_near_misses, plan_phrase, plan_sentences, render
from wwtool.data.synthesizers.interface import Utterance
from wwtool.data.texts.word_list import read_words
from wwtool.data.utterance import utterance_bounds
from wwtool.data.voices import Speakers, speakers_of
from wwtool.errors import InputError
from wwtool.frontend.geometry import SAMPLE_RATE_HZ
from wwtool.pipeline.natural import STORES as NATURAL_STORES
from wwtool.pipeline.natural import make_natural
from wwtool.pipeline.negatives import make_negatives

Advance = Callable[[int, int, str], None]

STORES = (
    "positive", "positive_synthetic", "positive_cut", "near_miss", "sentences", "speech", "other_words", "noise", "rir",
    "unlabelled", "simulated_rooms", *KINDS, *NATURAL_STORES,
)  # fmt: skip
_DEV_POSITIVES = 300
_DEV_NEAR_MISSES = 400
_DEV_SENTENCE_HOURS = 1.0
_LEAST_POSITIVES = 20
_TOLD = 16  # clips between two reports of progress
MOST_SECONDS = 60  # of a clip in a store
_USES = {
    "positive": "positive",
    "negative": "speech",
    "hard_negative": "other_words",
    "noise": "noise",
    "rir": "rir",
    "unlabelled": "unlabelled",
}
# Recordings of these labels may last for hours and are cut into clips. Of others, only the beginning is used.
WHOLE = ("negative", "hard_negative", "noise", "unlabelled")


def make_stores(
    folder: Path, phrase: str, config: Config, dataset: Dataset | None, synthesise: bool, advance: Advance
) -> dict[str, Any]:
    """Writes the stores below ``folder``; returns their clips, hours and speakers by name.

    Names are ``train/…`` or ``dev/…`` and then one of ``STORES``. A store without clips is left out.

    Raises:
        InputError: there are too few clips to train on.
    """
    summary: dict[str, Any] = {}

    def keep(name: str, clips: Iterable[Audio], speakers: Speakers | None = None) -> None:
        store = write_store(folder / name, clips)
        if len(store):
            summary[name] = {"clips": len(store), "hours": round(store.hours, 4)}
            if speakers is not None:
                summary[name] |= {"voices": speakers.voices, "speakers": speakers.count}

    if dataset is not None:
        for name, clips, speakers in _recordings(dataset, advance):
            keep(name, clips, speakers)
        if "train/positive" in summary:
            keep("train/positive_cut", _cut(ClipStore(folder / "train/positive")))
        _check_recordings(summary, dataset, synthesise)
    if synthesise:
        _synthesise(phrase, config, dataset is None or "dev/positive" not in summary, keep, advance)
    if config.augment.rooms and can_simulate():
        keep("train/simulated_rooms", simulated_rooms(config.augment.rooms, config.synth.seed))
    make_negatives(folder, phrase, config, synthesise, summary, advance)
    if not any(name in summary for name in ("train/sentences", "train/speech", "train/other_words")):
        raise InputError("there is no speech to train against; add DIR/negative or leave out --no-synth")
    return summary


def _check_recordings(summary: dict[str, Any], dataset: Dataset, synthesise: bool) -> None:
    count = summary.get("train/positive", {}).get("clips", 0)
    if count < _LEAST_POSITIVES and (count or not synthesise):
        instead = "--data to train on synthetic speech alone" if synthesise else "--no-synth to adapt a model to them"
        remedy = f"record more, or leave out {instead}"
        raise InputError(
            f"{dataset.folder} has {count} usable positive clips to train on, {_LEAST_POSITIVES} are needed; {remedy}"
        )


def _recordings(dataset: Dataset, advance: Advance) -> Iterator[tuple[str, Iterator[Audio], Speakers | None]]:
    """Store names, their recordings and speakers; the scan has left out what cannot be read."""
    chosen: dict[str, list[Clip]] = {}
    for clip in dataset.clips:
        if clip.split in ("train", "dev"):
            chosen.setdefault(f"{clip.split}/{_USES[clip.label]}", []).append(clip)
    total, before = sum(map(len, chosen.values())), 0
    for name, clips in chosen.items():
        speakers = speakers_of(clips) if clips[0].label in SPEECH_LABELS else None
        yield name, _read(dataset.folder, clips, before, total, advance), speakers
        before += len(clips)


def _read(folder: Path, clips: list[Clip], before: int, total: int, advance: Advance) -> Iterator[Audio]:
    for i, clip in enumerate(clips, before):
        if i % 50 == 0:
            advance(i, total, "recordings")
        if clip.label in WHOLE:
            yield from audio_pieces(folder / clip.path, MOST_SECONDS)
        else:
            yield read_audio(folder / clip.path, MOST_SECONDS)


def _cut(clips: Iterable[Audio]) -> Iterator[Audio]:
    for clip in clips:
        start, end = utterance_bounds(clip)
        if 0.2 < (end - start) / SAMPLE_RATE_HZ < 2.5:
            yield clip[start:end]


def _synthesise(
    phrase: str, config: Config, dev_positives: bool, keep: Callable[[str, Iterable[Audio], Speakers], None],
    advance: Advance,
) -> None:  # fmt: skip
    s = config.synth
    words = read_words(s.words) if s.words else None
    # A plan is larger by the share that goes to the other split.
    train_share, dev_share = HELD_OUT / (HELD_OUT - 1.5), HELD_OUT * 1.6

    def say(name: str, plan: Callable[..., list[Utterance]], count: int) -> None:
        dev = name.startswith("dev/")
        wanted = int(count * (dev_share if dev else train_share)) + 8
        planned = plan(phrase, wanted, s.seed + dev, s.language, pronunciations=s.pronunciations)
        chosen = [u for u in planned if held_out(u) == dev][:count]
        speakers = Speakers("synthetic", len({utterance.speaker for utterance in chosen}))
        keep(name, map(trim, _counted(render(chosen), len(chosen), name, advance)), speakers)

    def sentences(hours: float) -> int:
        return max(8, round(hours * 3600 / SECONDS_PER_SENTENCE))

    say("train/positive_synthetic", plan_phrase, s.positives)
    near, ordinary = partial(plan_near_misses, words=words), partial(plan_sentences, words=words)
    say("train/near_miss", near, s.near_misses)
    say("train/sentences", ordinary, sentences(s.sentence_hours))
    if dev_positives:
        say("dev/positive_synthetic", plan_phrase, _DEV_POSITIVES)
    say("dev/near_miss", near, min(_DEV_NEAR_MISSES, s.near_misses))
    say("dev/sentences", ordinary, sentences(min(_DEV_SENTENCE_HOURS, s.sentence_hours)))
    make_natural(
        phrase, s, dev_positives, keep, lambda clips, total, name: map(trim, _counted(clips, total, name, advance))
    )


def _counted(clips: Iterable[Audio], total: int, name: str, advance: Advance) -> Iterator[Audio]:
    for i, clip in enumerate(clips):
        if i % _TOLD == 0:
            advance(i, total, name.partition("/")[2].replace("_", " "))
        yield clip
