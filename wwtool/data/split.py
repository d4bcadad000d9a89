"""Splits a data folder into train, dev and test so that no speaker and no recording is in two of them.

Who is not named by folder, pattern or column is found by ear: copies of a recording, shifted or louder, stay together.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from wwtool.base.files import sha256_of
from wwtool.base.text import printable
from wwtool.data.audio import AudioFile
from wwtool.data.dataset import SPEECH_LABELS, SPLITS, Clip, Dataset, Recording, index_folder
from wwtool.data.fingerprint import Fingerprint, Groups, Listener, copies
from wwtool.data.levels import Meter
from wwtool.errors import InputError

FEWEST_POSITIVES = 10  # fewer recordings of the phrase say nothing about how it is said
SHORTEST_SECONDS = 0.1
MOST_CLIPPED = 0.05  # of a positive's samples; more is distorted beyond what a loud word does


@dataclass(frozen=True)
class _Heard:
    recording: Recording
    seconds: float
    sha256: str
    sound: str  # a hash of what was decoded: the same recording as .wav and as .flac has the same
    print: Fingerprint


def split_folder(
    source: Path,
    dev: float = 0.15,
    test: float = 0.15,
    speaker_pattern: str | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Reads every recording and gives each a split.

    Args:
        source: a data folder or an index file.
        dev: fraction of the clips of each label, as near as whole speakers allow.
        test: the same.
        speaker_pattern: see ``index_folder``.
        seed: another seed, another split.
        progress: told the number of files read and of all files.

    Raises:
        InputError: the folder or its index cannot be used, or holds too few usable recordings of the phrase.
    """
    if not (dev >= 0 and test >= 0 and dev + test < 1):
        raise InputError(f"dev {dev} and test {test} must be fractions that leave something for training")
    folder, recordings = index_folder(source, speaker_pattern)
    heard, notes = _listen(folder, recordings, progress)
    _enough(source, recordings, heard, notes.skipped)
    groups = _groups(heard)
    splits = _assign(heard, groups, {"dev": dev, "test": test, "train": 1.0 - dev - test}, seed)
    _train_has_positives(source, heard, splits)
    clips = [
        Clip(h.recording.path, h.recording.label, h.recording.speaker, split, h.seconds, h.sha256)
        for h, split in zip(heard, splits, strict=True)
    ]
    return Dataset(folder, clips, notes.skipped, notes.doubtful)


@dataclass
class _Notes:
    """What is said of recordings: path and reason, fit to be shown."""

    skipped: list[dict[str, str]] = field(default_factory=list)
    doubtful: list[dict[str, str]] = field(default_factory=list)


def _listen(
    folder: Path, recordings: list[Recording], progress: Callable[[int, int], None] | None
) -> tuple[list[_Heard], _Notes]:
    heard: list[_Heard] = []
    notes = _Notes()
    for done, recording in enumerate(recordings, 1):
        try:
            heard.append(_hear(folder, recording, notes))
        except InputError as error:
            notes.skipped.append(_note(recording, str(error)))
        if progress is not None:
            progress(done, len(recordings))
    return _without_contradictions(folder, heard, notes), notes


def _hear(folder: Path, recording: Recording, notes: _Notes) -> _Heard:
    path = folder / recording.path
    shown = printable(str(path))
    if recording.problem:
        raise InputError(f"{shown} {recording.problem}")
    meter, listener, sound = Meter(), Listener(), hashlib.sha256()
    for block in AudioFile(path):
        meter.add(block)
        listener.add(block)
        sound.update(np.ascontiguousarray(block).data)
    if meter.seconds < SHORTEST_SECONDS and recording.label != "rir":
        raise InputError(f"{shown} lasts only {1000 * meter.seconds:.0f} ms")
    if meter.nothing and recording.label != "negative":
        raise InputError(f"{shown} holds nothing but silence; record it again or remove it")
    if recording.label == "positive" and meter.clipped_fraction > MOST_CLIPPED:
        reason = f"{shown} is clipped in {meter.clipped_fraction:.0%} of its samples; record it again at a lower level"
        notes.doubtful.append(_note(recording, reason))
    if recording.label == "positive" and meter.silent:
        reason = (
            f"{shown} is all but silent ({meter.sound_dbfs:.0f} dBFS); listen to it, and remove it if no word is heard"
        )
        notes.doubtful.append(_note(recording, reason))
    return _Heard(recording, round(meter.seconds, 3), sha256_of(path), sound.hexdigest(), listener.fingerprint())


def _note(recording: Recording, reason: str) -> dict[str, str]:
    return {"path": printable(recording.path), "reason": reason}


def _without_contradictions(folder: Path, heard: list[_Heard], notes: _Notes) -> list[_Heard]:
    """Leaves out what is the phrase and is not, by two names: one of them is wrong, and nobody knows which."""
    labels: dict[str, dict[str, Recording]] = {}
    for h in heard:
        labels.setdefault(h.sound, {}).setdefault(h.recording.label, h.recording)
    kept = []
    for h in heard:
        others = [other for label, other in labels[h.sound].items() if label != h.recording.label]
        if others and "positive" in labels[h.sound]:
            reason = f"is the same recording as {printable(others[0].path)}; keep the one whose label is right"
            notes.skipped.append(_note(h.recording, f"{printable(str(folder / h.recording.path))} {reason}"))
        else:
            kept.append(h)
    left_out = {entry["path"] for entry in notes.skipped}
    notes.doubtful = [entry for entry in notes.doubtful if entry["path"] not in left_out]
    return kept


def _enough(source: Path, recordings: list[Recording], heard: list[_Heard], skipped: list[dict[str, str]]) -> None:
    shown = printable(str(source))
    if not heard:
        raise InputError(f"none of the {len(recordings)} recordings of {shown} can be used: {skipped[0]['reason']}")
    listed = sum(r.label == "positive" for r in recordings)
    usable = sum(h.recording.label == "positive" for h in heard)
    if listed and usable < FEWEST_POSITIVES:
        first = f" ({len(skipped)} are left out, the first as {skipped[0]['reason']})" if skipped else ""
        raise InputError(
            f"{shown} has {usable} usable recordings of the phrase and at least {FEWEST_POSITIVES} are needed{first}; "
            "add some, or remove the positive folder to train on synthesised speech alone"
        )


def _groups(heard: list[_Heard]) -> list[list[int]]:
    """Positions that must share a split: one speaker, one content, or copies where speakers are not named.

    A split that the index states is taken as it is: content and likeness bind only recordings without one.
    """
    groups = Groups(len(heard))
    first: dict[tuple[str, str], int] = {}
    for i, h in enumerate(heard):
        keys = [("content", h.sound)] if h.recording.split is None else []
        if h.recording.speaker is not None and h.recording.label in SPEECH_LABELS:
            keys.append(("speaker", h.recording.speaker))
        for key in keys:
            groups.join(first.setdefault(key, i), i)
    unnamed = [
        i
        for i, h in enumerate(heard)
        if h.recording.speaker is None and h.recording.split is None and h.recording.label in SPEECH_LABELS
    ]
    for members in copies([heard[i].print for i in unnamed]):
        for member in members[1:]:
            groups.join(unnamed[members[0]], unnamed[member])
    return groups.all()


def _assign(heard: list[_Heard], groups: list[list[int]], fractions: dict[str, float], seed: int) -> list[str]:
    """Gives each group to the split that lacks most of what is in it, large groups first."""
    total = Counter(h.recording.label for h in heard)
    room = {(split, label): fractions[split] * total[label] for split in SPLITS for label in total}
    splits = [""] * len(heard)

    def give(members: list[int], split: str) -> None:
        for i in members:
            splits[i] = split
            room[split, heard[i].recording.label] -= 1

    free: list[list[int]] = []
    for members in groups:
        stated = sorted({s for i in members if (s := heard[i].recording.split) is not None})
        if len(stated) > 1:
            paths = ", ".join(printable(heard[i].recording.path) for i in members[:3])
            raise InputError(
                f"one speaker is in {' and '.join(stated)} of the index ({paths}); give each speaker one split"
            )
        if stated:
            give(members, stated[0])
        else:
            free.append(members)

    def order(members: list[int]) -> tuple[int, str]:
        name = f"{seed} {heard[members[0]].recording.path}"
        return -len(members), hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()

    allowed = [split for split in SPLITS if fractions[split] > 0]
    for members in sorted(free, key=order):
        labels = Counter(heard[i].recording.label for i in members)

        def lack(split: str, labels: Counter[str] = labels) -> float:
            share = sum(room[split, label] * n / total[label] for label, n in labels.items()) / fractions[split]
            return round(share, 9)  # equal shares are equal, and go to train

        give(members, max(allowed, key=lack))
    return splits


def _train_has_positives(source: Path, heard: list[_Heard], splits: list[str]) -> None:
    """With too few speakers for every split, dev and test go without; training cannot."""
    present = {split for h, split in zip(heard, splits, strict=True) if h.recording.label == "positive"}
    if present and "train" not in present:
        raise InputError(
            f"{printable(str(source))} puts every recording of the phrase into {' and '.join(sorted(present))}; "
            "give some to train"
        )
