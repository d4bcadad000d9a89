"""Checks recordings for levels, clipping, digital silence, copies and unreadable files; changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wwtool.base.records import json_of
from wwtool.base.text import printable
from wwtool.data.audio import Audio, AudioFile
from wwtool.data.audio_files import find_audio
from wwtool.data.dataset import Note
from wwtool.data.fingerprint import Listener, copies
from wwtool.data.levels import Meter
from wwtool.errors import InputError

CLIPPED_FRACTION = 0.001
LONGEST_ZERO_RUN_MS = 50.0


@dataclass(frozen=True)
class ClipReport:
    """The figures of one file, at 16 kHz."""

    path: str
    seconds: float
    peak_dbfs: float
    rms_dbfs: float
    clipped_fraction: float  # samples at full scale
    zero_run_ms: float  # longest run of exact zeros; a long one means that the recording was edited or gated
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class ScanReport:
    """The figures of all files of a folder."""

    clips: list[ClipReport]
    broken: list[dict[str, str]]  # path and reason
    copies: list[list[str]]  # groups of paths of one recording

    def as_dict(self) -> dict[str, Any]:
        """The JSON form, schema ``wwtool.scan`` version 1."""
        seconds = sum(clip.seconds for clip in self.clips)
        broken = [Note(**note) for note in self.broken]
        files, hours = len(self.clips) + len(broken), round(seconds / 3600, 4)
        return json_of(ScanOutput(files, hours, self.clips, broken, self.copies))


@dataclass(frozen=True)
class ScanOutput:
    """``data scan --json``."""

    files: int
    hours: float
    clips: list[ClipReport]
    broken: list[Note]
    copies: list[list[str]]


def scan(folder: Path, progress: Callable[[int, int], None] | None = None) -> ScanReport:
    """Reads and measures every audio file at any depth of a folder.

    Raises:
        InputError: there is no such folder, or no audio in it.
    """
    if not folder.is_dir():
        raise InputError(f"the folder {printable(str(folder))} does not exist")
    files = find_audio(folder)
    if not files:
        raise InputError(f"{printable(str(folder))} holds no audio files")
    clips, prints = [], []
    silent: set[str] = set()
    broken: list[dict[str, str]] = []
    for done, file in enumerate(files, 1):
        name = printable(file.path.relative_to(folder).as_posix())
        try:
            if file.problem:
                raise InputError(f"{printable(str(file.path))} {file.problem}")
            meter, listener = Meter(), Listener()
            for block in AudioFile(file.path):
                meter.add(block)
                listener.add(block)
        except InputError as error:
            broken.append({"path": name, "reason": str(error)})
        else:
            clips.append(_report(name, meter))
            prints.append(listener.fingerprint())
            if meter.silent:
                silent.add(name)
        if progress is not None:
            progress(done, len(files))
    groups = [[name for i in members if (name := clips[i].path) not in silent] for members in copies(prints)]
    return ScanReport(clips, broken, [group for group in groups if len(group) > 1])


def measure(name: str, audio: Audio) -> ClipReport:
    """Measures one clip."""
    meter = Meter()
    meter.add(audio)
    return _report(name, meter)


def _report(name: str, meter: Meter) -> ClipReport:
    warnings = {
        "silent": meter.silent,
        "clipped": meter.clipped_fraction > CLIPPED_FRACTION,
        "digital silence": meter.digitally_silent or meter.zero_run_ms > LONGEST_ZERO_RUN_MS,
    }
    return ClipReport(
        path=name,
        seconds=round(meter.seconds, 3),
        peak_dbfs=round(meter.peak_dbfs, 1),
        rms_dbfs=round(meter.rms_dbfs, 1),
        clipped_fraction=round(meter.clipped_fraction, 6),
        zero_run_ms=round(meter.zero_run_ms, 1),
        warnings=tuple(warning for warning, holds in warnings.items() if holds),
    )
