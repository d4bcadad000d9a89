"""Splits a data folder into train, dev and test, so that no speaker and no recording is in two of them.

Where no folder, pattern or column names the speaker, the sound decides: copies of a recording, shifted or louder, stay
together.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from wwtool.base.files import sha256_of
from wwtool.base.text import printable
from wwtool.data.audio import Audio, AudioFile, read_audio
from wwtool.data.dataset import SPEECH_LABELS, SPLITS, Clip, Dataset, Note, Recording, index_folder
from wwtool.data.fingerprint import Fingerprint, Groups, Listener, copies
from wwtool.data.levels import Meter
from wwtool.data.speaker_embedding.counting import voices_of
from wwtool.data.utterance import utterances
from wwtool.errors import InputError

FEWEST_POSITIVES = 5  # fewer recordings of the phrase do not show how somebody says it
_MANY_UTTERANCES_SECONDS = 60  # of a recording of the phrase, in which several utterances are looked for
_VOICE_SECONDS = 15  # of a recording, from which its voice is known
_FEWEST_VOICES = 3  # fewer cannot be split, so that their clips are
SHORTEST_SECONDS = 0.1
MOST_CLIPPED = 0.05  # share of a positive's samples; a loud word alone clips fewer


@dataclass(frozen=True)
class SplitOutput:
    """``data split --json``: the file written, and the clips by label and split."""

    dataset: str
    clips: dict[str, dict[str, int]]
    skipped: list[Note]
    doubtful: list[Note]
    voices: int | None = None


@dataclass(frozen=True)
class _Entry:
    """A recording that was read. Recordings with equal ``sound`` have equal samples, for example as .wav and .flac."""

    recording: Recording
    seconds: float
    sha256: str
    sound: str  # a hash of the decoded samples
    print: Fingerprint


def split_folder(
    source: Path,
    dev: float = 0.15,
    test: float = 0.15,
    speaker_pattern: str | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    few: int = 0,
) -> Dataset:
    """Reads every recording and gives each a split.

    Args:
        source: a data folder or an index file.
        dev: fraction of the clips of each label, as closely as whole speakers allow.
        test: the same for the test split.
        speaker_pattern: see ``index_folder``.
        seed: another seed, another split.
        progress: told the number of files read and of all files.
        few: up to so many recordings of the phrase are all for training, unless an index states their split.

    Raises:
        InputError: the folder or its index cannot be used, or holds too few usable recordings of the phrase.
    """
    if not (dev >= 0 and test >= 0 and dev + test < 1):
        raise InputError(f"dev {dev} and test {test} must be fractions that leave something for training")
    folder, recordings = index_folder(source, speaker_pattern)
    entries, notes = _read_all(folder, recordings, progress)
    _check_enough(source, recordings, entries, notes.skipped)
    voices = _voices(folder, entries)
    groups = _groups(entries, voices)
    splits = _assign(entries, groups, {"dev": dev, "test": test, "train": 1.0 - dev - test}, seed, few)
    _check_train_positives(source, entries, splits)
    clips = [
        Clip(entry.recording.path, entry.recording.label, entry.recording.speaker, split, entry.seconds, entry.sha256)
        for entry, split in zip(entries, splits, strict=True)
    ]
    return Dataset(folder, clips, notes.skipped, notes.doubtful, len(set(voices.values())) or None)


@dataclass
class _Notes:
    """Notes on recordings: a path and a reason each, safe to show."""

    skipped: list[dict[str, str]] = field(default_factory=list)
    doubtful: list[dict[str, str]] = field(default_factory=list)


def _read_all(
    folder: Path, recordings: list[Recording], progress: Callable[[int, int], None] | None
) -> tuple[list[_Entry], _Notes]:
    entries: list[_Entry] = []
    notes = _Notes()
    for done, recording in enumerate(recordings, 1):
        try:
            entries.append(_read(folder, recording, notes))
        except InputError as error:
            notes.skipped.append(_note(recording, str(error)))
        if progress is not None:
            progress(done, len(recordings))
    return _without_contradictions(folder, entries, notes), notes


def _read(folder: Path, recording: Recording, notes: _Notes) -> _Entry:
    path = folder / recording.path
    shown = printable(str(path))
    if recording.problem:
        raise InputError(f"{shown} {recording.problem}")
    meter, listener, sound = Meter(), Listener(), hashlib.sha256()
    blocks: list[Audio] = []
    for block in AudioFile(path):
        if recording.label == "positive" and meter.seconds < _MANY_UTTERANCES_SECONDS:
            blocks.append(block)
        meter.add(block)
        listener.add(block)
        sound.update(np.ascontiguousarray(block).data)
    if meter.seconds < SHORTEST_SECONDS and recording.label != "rir":
        raise InputError(f"{shown} lasts only {1000 * meter.seconds:.0f} ms")
    if meter.digitally_silent and recording.label != "negative":
        raise InputError(f"{shown} holds only silence; record it again or remove it")
    if recording.label == "positive" and meter.clipped_fraction > MOST_CLIPPED:
        reason = f"{shown} is clipped in {meter.clipped_fraction:.0%} of its samples; record it again at a lower level"
        notes.doubtful.append(_note(recording, reason))
    if recording.label == "positive" and meter.silent:
        reason = (
            f"{shown} is almost silent ({meter.sound_dbfs:.0f} dBFS); listen to it, and remove it if you hear no word"
        )
        notes.doubtful.append(_note(recording, reason))
    if blocks:
        count = utterances(np.concatenate(blocks))
        if count > 1:
            reason = (
                f"{shown} seems to hold {count} utterances, of which the loudest is used; put each into its own file"
            )
            notes.doubtful.append(_note(recording, reason))
    return _Entry(recording, round(meter.seconds, 3), sha256_of(path), sound.hexdigest(), listener.fingerprint())


def _note(recording: Recording, reason: str) -> dict[str, str]:
    return asdict(Note(printable(recording.path), reason))


def _without_contradictions(folder: Path, entries: list[_Entry], notes: _Notes) -> list[_Entry]:
    """Leaves out recordings that appear twice, as the phrase and as something else: one of the labels is wrong."""
    labels: dict[str, dict[str, Recording]] = {}
    for entry in entries:
        labels.setdefault(entry.sound, {}).setdefault(entry.recording.label, entry.recording)
    consistent = []
    for entry in entries:
        others = [other for label, other in labels[entry.sound].items() if label != entry.recording.label]
        if others and "positive" in labels[entry.sound]:
            reason = f"is the same recording as {printable(others[0].path)}; keep the one whose label is right"
            notes.skipped.append(_note(entry.recording, f"{printable(str(folder / entry.recording.path))} {reason}"))
        else:
            consistent.append(entry)
    skipped = {note["path"] for note in notes.skipped}
    notes.doubtful = [note for note in notes.doubtful if note["path"] not in skipped]
    return consistent


def _check_enough(
    source: Path, recordings: list[Recording], entries: list[_Entry], skipped: list[dict[str, str]]
) -> None:
    shown = printable(str(source))
    if not entries:
        raise InputError(f"none of the {len(recordings)} recordings of {shown} can be used: {skipped[0]['reason']}")
    listed = sum(r.label == "positive" for r in recordings)
    usable = sum(entry.recording.label == "positive" for entry in entries)
    if listed and usable < FEWEST_POSITIVES:
        first = f" ({len(skipped)} are left out, the first because {skipped[0]['reason']})" if skipped else ""
        raise InputError(
            f"{shown} has {usable} usable recordings of the phrase, but wwtool needs at least {FEWEST_POSITIVES}{first}"
            "; add some, or remove the positive folder to train on synthetic speech alone"
        )


def _voices(folder: Path, entries: list[_Entry]) -> dict[int, str]:
    """Whose voice the recordings of the phrase have, by position: as named, or else as a speaker encoder hears it.

    Empty if somebody is not named and there is no encoder.
    """
    positives = [i for i, entry in enumerate(entries) if entry.recording.label == "positive"]
    named = {i: f"named {entries[i].recording.speaker}" for i in positives if entries[i].recording.speaker is not None}
    unnamed = [i for i in positives if i not in named]
    heard = voices_of([read_audio(folder / entries[i].recording.path, _VOICE_SECONDS) for i in unnamed])
    if unnamed and heard is None:
        return {}
    return named | {i: f"heard {voice}" for i, voice in zip(unnamed, heard or [], strict=True)}


def _groups(entries: list[_Entry], voices: dict[int, str]) -> list[list[int]]:
    """Groups of positions that must share a split: one speaker, equal sound, or copies without a named speaker.

    Recordings of the phrase without a named speaker are grouped by voice, if there are enough voices to split.

    A split that the index states is used as it is; equal sound and copies matter only for recordings without one.
    """
    groups = Groups(len(entries))
    first: dict[tuple[str, str], int] = {}
    by_voice = len(set(voices.values())) >= _FEWEST_VOICES
    for i, entry in enumerate(entries):
        keys = [("content", entry.sound)] if entry.recording.split is None else []
        if entry.recording.speaker is not None and entry.recording.label in SPEECH_LABELS:
            keys.append(("speaker", entry.recording.speaker))
        elif entry.recording.split is None and i in voices and by_voice:
            keys.append(("voice", voices[i]))
        for key in keys:
            groups.join(first.setdefault(key, i), i)
    unnamed = [
        i
        for i, entry in enumerate(entries)
        if entry.recording.speaker is None and entry.recording.split is None and entry.recording.label in SPEECH_LABELS
    ]
    for members in copies([entries[i].print for i in unnamed]):
        for member in members[1:]:
            groups.join(unnamed[members[0]], unnamed[member])
    return groups.all()


def _assign(
    entries: list[_Entry], groups: list[list[int]], fractions: dict[str, float], seed: int, few: int
) -> list[str]:
    """Gives each group, large ones first, to the split that lacks most of the group's labels.

    Recordings of the phrase, if they are no more than ``few``, are for training, with what must share their split.
    """
    total = Counter(entry.recording.label for entry in entries)
    in_train = {i for i, entry in enumerate(entries) if entry.recording.label == "positive"}
    if len(in_train) > few:
        in_train = set()
    room = {(split, label): fractions[split] * total[label] for split in SPLITS for label in total}
    splits = [""] * len(entries)

    def give(members: list[int], split: str) -> None:
        for i in members:
            splits[i] = split
            room[split, entries[i].recording.label] -= 1

    free: list[list[int]] = []
    for members in groups:
        splits_in_index = sorted({s for i in members if (s := entries[i].recording.split) is not None})
        if len(splits_in_index) > 1:
            paths = ", ".join(printable(entries[i].recording.path) for i in members[:3])
            raise InputError(
                f"one speaker is in {' and '.join(splits_in_index)} of the index ({paths}); give each speaker one split"
            )
        if splits_in_index:
            give(members, splits_in_index[0])
        elif not in_train.isdisjoint(members):
            give(members, "train")
        else:
            free.append(members)

    def order(members: list[int]) -> tuple[int, str]:
        name = f"{seed} {entries[members[0]].recording.path}"
        return -len(members), hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()

    allowed = [split for split in SPLITS if fractions[split] > 0]
    for members in sorted(free, key=order):
        labels = Counter(entries[i].recording.label for i in members)

        def lack(split: str, labels: Counter[str] = labels) -> float:
            share = sum(room[split, label] * n / total[label] for label, n in labels.items()) / fractions[split]
            return round(share, 9)  # shares that differ only by rounding are equal and go to train

        give(members, max(allowed, key=lack))
    return splits


def _check_train_positives(source: Path, entries: list[_Entry], splits: list[str]) -> None:
    """With too few speakers for every split, dev and test may have no positives, but train must have some."""
    present = {split for entry, split in zip(entries, splits, strict=True) if entry.recording.label == "positive"}
    if present and "train" not in present:
        raise InputError(
            f"{printable(str(source))} puts every recording of the phrase into {' and '.join(sorted(present))}; "
            "put some into train"
        )
