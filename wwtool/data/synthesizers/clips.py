"""Folders of ready clips, as a synthesizer that says only what somebody has recorded.

An installed voice has its clips in ``clips/``, with a folder for each speaker if there are several. A file
``index.csv`` there, with the columns ``path`` and ``text``, says what each clip says; without it, all of them say what
the name of the voice says, such as ``hey-computer``.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from wwtool.data.audio import Audio, read_audio
from wwtool.data.audio_files import find_audio
from wwtool.data.installed_voices import InstalledVoice, installed_voices
from wwtool.data.synthesizers.interface import NaturalSynthesizer, Utterance
from wwtool.errors import InputError, ToolError

_CLIPS, _INDEX = "clips", "index.csv"
_MOST_SECONDS = 10.0


class Clips(NaturalSynthesizer):
    """The installed folders of clips."""

    name, title = "clips", "ready clips"
    install = "wwtool voices add FOLDER"
    licence = "each folder has its own"
    speed = 1000.0

    def __init__(self, voices: list[InstalledVoice]) -> None:
        self._voices = voices

    @classmethod
    def find(cls) -> Clips | None:
        voices = installed_voices(cls.name)
        return cls(voices) if voices else None

    @cached_property
    def speakers(self) -> Mapping[str, str]:
        return {speaker: language for speaker, (language, _) in self._recordings.items()}

    @property
    def licences(self) -> Mapping[str, str]:
        return {voice.name: voice.description.licence for voice in self._voices}

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256("".join(voice.fingerprint for voice in self._voices).encode()).hexdigest()

    def can_say(self, voice: str, text: str) -> bool:
        return _plain(text) in self._recordings[voice][1]

    def speak(self, utterance: Utterance) -> Audio:
        _, texts = self._recordings.get(utterance.voice, ("", {}))
        clips = texts.get(_plain(utterance.text))
        if not clips:
            raise ToolError(f"no clip of {utterance.voice!r} says {utterance.text!r}")
        number = int.from_bytes(hashlib.sha256(repr(utterance).encode()).digest()[:4], "little")
        return read_audio(clips[number % len(clips)], _MOST_SECONDS)

    @cached_property
    def _recordings(self) -> dict[str, tuple[str, dict[str, list[Path]]]]:
        """The language of each speaker, and the clips by what they say."""
        speakers: dict[str, tuple[str, dict[str, list[Path]]]] = {}
        for voice in self._voices:
            folder = voice.folder / _CLIPS
            texts = _read_index(folder)
            for entry in find_audio(folder):
                if entry.problem:
                    continue
                inside = entry.path.relative_to(folder)
                text = texts.get(inside.as_posix()) if texts is not None else _plain(voice.name)
                if not text:
                    continue
                number = hashlib.sha256(inside.parts[0].encode(errors="surrogateescape")).hexdigest()[:8]
                speaker = f"{voice.name}.{number}" if len(inside.parts) > 1 else voice.name
                known = speakers.setdefault(speaker, (voice.description.languages[0], {}))
                known[1].setdefault(text, []).append(entry.path)
        return speakers


def _read_index(folder: Path) -> dict[str, str] | None:
    path = folder / _INDEX
    if not path.is_file():
        return None
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"cannot read {path}: it must be a table in UTF-8 with the columns path and text") from error
    if rows and not {"path", "text"} <= set(rows[0]):
        raise InputError(f"{path} lacks the column path or text; add it")
    return {row["path"]: _plain(row["text"] or "") for row in rows if row["path"]}


def _plain(text: str) -> str:
    """A text without what does not change its words.

    >>> _plain("Hey,  Computer!"), _plain("hey-computer")
    ('hey computer', 'hey computer')
    """
    return " ".join(re.sub(r"[^\w']+", " ", text.replace("_", " ").lower()).split())
