"""The speakers of a folder of benchmark recordings: what of theirs a model may hear, and what is kept back."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wwtool.data.audio import read_audio
from wwtool.data.fingerprint import copies, fingerprint
from wwtool.data.speaker_embedding.counting import voices_of

_MOST_OF_ONE = 7  # recordings of a speaker to adapt to; the others show how the same speaker is heard


@dataclass(frozen=True)
class Speaker:
    """One voice: recordings to adapt to, and recordings that no model hears."""

    recorded: list[str]
    kept_back: list[str]


def recordings_of(audio: Path, word: str) -> tuple[list[Speaker], list[str]]:
    """The speakers for training, those with most recordings first, and the recordings for development."""
    with (audio / "index.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if (row["kind"], row["word"]) == ("keyword", word)]
    paths = [row["path"] for row in rows if row["split"] == "train"]
    sounds = [read_audio(audio / path) for path in paths]
    again = {i for group in copies([fingerprint(sound) for sound in sounds]) for i in group[1:]}
    voices = voices_of(sounds)
    if voices is None:
        raise SystemExit("no speaker encoder is installed; `wwtool doctor` tells how to get one")
    groups: dict[int, list[str]] = {}
    for i, (path, voice) in enumerate(zip(paths, voices, strict=True)):
        if i not in again:
            groups.setdefault(voice, []).append(path)
    ordered = sorted(groups.values(), key=lambda group: (-len(group), group[0]))
    speakers = [Speaker(group[:_MOST_OF_ONE], group[_MOST_OF_ONE:]) for group in ordered]
    return speakers, [row["path"] for row in rows if row["split"] == "dev"]


def choose(speakers: Sequence[Speaker], count: int) -> list[Speaker]:
    """Speakers with ``count`` recordings in all, as few of them as have so many; at least two, if there are two."""
    chosen: list[Speaker] = []
    for number, speaker in enumerate(speakers):
        if count <= 0:
            break
        share = min(len(speaker.recorded), -(-count // 2) if number == 0 and count <= 2 * _MOST_OF_ONE else count)
        chosen.append(Speaker(speaker.recorded[:share], speaker.kept_back))
        count -= share
    return chosen
