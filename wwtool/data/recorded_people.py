"""Recordings of people that are installed, to train against: one long FLAC of clips, and who says each.

They are installed as voices are, because they come, are described and are removed alike; but they say what they say, so
no synthesizer reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import soundfile

from wwtool.base.records import read_json
from wwtool.data.audio import Audio
from wwtool.data.installed_voices import InstalledVoice, installed_voices
from wwtool.errors import InputError
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

ENGINE = "recordings"
SOUND, INDEX = "clips.flac", "clips.json"
GET = "wwtool voices get people-prompts people-letters people-stamps"
"""The command that brings all sets of the catalogue."""


@dataclass(frozen=True)
class RecordedClip:
    """A clip of a FLAC. ``speaker``: who says it, as far as the set tells people apart; ``name``: of its first file."""

    path: Path
    start: int
    samples: int
    speaker: str
    name: str

    @property
    def seconds(self) -> float:
        return self.samples / SAMPLE_RATE_HZ

    def read(self) -> Audio:
        """Its audio.

        Raises:
            InputError: the FLAC is damaged.
        """
        try:
            audio: Audio = soundfile.read(self.path, self.samples, self.start, dtype="int16")[0]
        except (soundfile.SoundFileError, RuntimeError, OSError) as error:
            raise InputError(f"{self.path} is damaged; {_remedy(self.path.parent)}") from error
        return audio


def recorded_people() -> list[InstalledVoice]:
    """The sets of recordings that are installed.

    Raises:
        InputError: one is damaged.
    """
    return installed_voices(ENGINE)


def clips_of(folder: Path) -> Iterator[RecordedClip]:
    """The clips of a set, in order.

    Raises:
        InputError: its index is damaged.
    """
    values = read_json(folder / INDEX)
    clips, start = values.get("clips"), 0
    if not isinstance(clips, list):
        raise InputError(f"{folder / INDEX} lists no clips; {_remedy(folder)}")
    for clip in clips:
        if not _is_clip(clip):
            raise InputError(f"{folder / INDEX} does not describe its clips; {_remedy(folder)}")
        samples, speaker, name = clip
        yield RecordedClip(folder / SOUND, start, samples, f"{folder.name} {speaker}", name)
        start += samples


def _is_clip(clip: object) -> bool:
    if not isinstance(clip, Sequence) or len(clip) != 3:
        return False
    samples, *words = clip
    return type(samples) is int and samples > 0 and all(isinstance(word, str) for word in words)


def _remedy(folder: Path) -> str:
    return f"remove it with wwtool voices remove {folder.name}, then get it again"
