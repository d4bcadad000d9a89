"""Recordings of people who say other things than the phrase: ``clips.flac`` and ``clips.json``.

An offer of the catalogue brings audio files below ``raw/``, which become the two.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import soundfile

from wwtool.base.files import write_json
from wwtool.data.audio import Audio, read_audio, to_int16
from wwtool.data.recorded_people import ENGINE, INDEX, SOUND, clips_of
from wwtool.data.sides import trim
from wwtool.data.voice_kinds.interface import Examined, VoiceKind
from wwtool.errors import InputError
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

_RAW = "raw"
_SUFFIXES = (".wav", ".ogg", ".flac")
_SHORTEST_S, _LONGEST_S = 0.3, 15.0
_FAINTEST = 300  # of 32768; what is fainter holds no speech
_PEAK = 0.8
# Tux Paint names the language of a spoken description at the end of a file's name, other sets in its first folder.
_SPOKEN = re.compile(r"_desc_([a-z]{2,3})")


class Recordings(VoiceKind):
    """A folder with the two."""

    engine = ENGINE
    what = f"a folder with {SOUND} and {INDEX}, recordings to train against"

    def recognises(self, path: Path) -> bool:
        return (path / INDEX).is_file() and (path / SOUND).is_file()

    def examine(self, path: Path) -> Examined:
        if not self.recognises(path):
            raise InputError(f"{path} lacks {SOUND} or {INDEX}; give {self.what}")
        clips = list(clips_of(path))
        try:
            info = soundfile.info(path / SOUND)
        except soundfile.SoundFileError as error:
            raise InputError(f"{path / SOUND} is no audio file; get it again") from error
        if not clips or (info.frames, info.samplerate, info.channels) != (
            clips[-1].start + clips[-1].samples, SAMPLE_RATE_HZ, 1
        ):  # fmt: skip
            raise InputError(f"{path / SOUND} is not as long as {INDEX} says; get it again")
        hours = info.frames / SAMPLE_RATE_HZ / 3600
        speakers = {clip.speaker for clip in clips}
        title = f"{len(clips):,} recordings, {hours:.1f} h"
        return Examined({SOUND: path / SOUND, INDEX: path / INDEX}, title, (), len(speakers))

    def settle(self, folder: Path) -> None:
        raw = folder / _RAW
        if not raw.is_dir():
            return
        files = sorted(file for file in raw.rglob("*") if file.suffix in _SUFFIXES)
        clips: list[tuple[int, str, str]] = []
        with soundfile.SoundFile(folder / SOUND, "w", SAMPLE_RATE_HZ, 1, "PCM_16", format="FLAC") as sound:
            for file in files:
                clip = _clip(file)
                if clip is not None:
                    sound.write(clip)
                    name = file.relative_to(raw)
                    clips.append((len(clip), _speaker(name), name.stem))
        write_json(folder / INDEX, {"clips": clips})
        shutil.rmtree(raw)


def _clip(file: Path) -> Audio | None:
    """A recording at one level, without silence around it; None if it is of no use."""
    try:
        clip = read_audio(file, _LONGEST_S)
    except InputError:
        return None  # some sets have a damaged file
    peak = int(np.abs(clip.astype(np.int32)).max(initial=0))
    if peak < _FAINTEST:
        return None
    clip = trim(to_int16(clip.astype(np.float32) * np.float32(_PEAK / peak)))
    return clip if len(clip) >= _SHORTEST_S * SAMPLE_RATE_HZ else None


def _speaker(name: Path) -> str:
    """Who speaks: the language, where a set has one speaker of each.

    >>> _speaker(Path("animals/cow_desc_fr.ogg")), _speaker(Path("en_US_f_Allison/digits/1.wav"))
    ('fr', 'en_US_f_Allison')
    """
    spoken = _SPOKEN.search(name.name)
    return spoken[1] if spoken else name.parts[0] if len(name.parts) > 1 else ""
