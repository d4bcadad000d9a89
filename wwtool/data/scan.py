"""Checks recordings: levels, clipping, digital silence, copies, files that cannot be read. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wwtool.data.audio import SAMPLE_RATE_HZ, Audio, audio_files, read_audio
from wwtool.data.fingerprint import copies, fingerprint
from wwtool.errors import InputError

SILENT_DBFS = -60.0
CLIPPED_FRACTION = 0.001
LONGEST_ZERO_RUN_MS = 50.0
_LOWEST_DBFS = -120.0


@dataclass(frozen=True)
class ClipReport:
    """What was measured of one file, at 16 kHz."""

    path: str
    seconds: float
    peak_dbfs: float
    rms_dbfs: float
    clipped_fraction: float  # samples at full scale
    zero_run_ms: float  # longest run of exact zeros: an edited or gated recording
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class ScanReport:
    """All files of a folder."""

    clips: list[ClipReport]
    broken: list[dict[str, str]]  # path and reason
    copies: list[list[str]]  # groups of paths of one recording

    def as_dict(self) -> dict[str, Any]:
        """The JSON form, schema ``wwtool.scan`` version 1."""
        seconds = sum(clip.seconds for clip in self.clips)
        return {"files": len(self.clips) + len(self.broken), "hours": round(seconds / 3600, 4), **asdict(self)}


def scan(folder: Path, progress: Callable[[int, int], None] | None = None) -> ScanReport:
    """Reads and measures every audio file at any depth of a folder.

    Raises:
        InputError: there is no such folder, or no audio in it.
    """
    if not folder.is_dir():
        raise InputError(f"the folder {folder} does not exist")
    files = audio_files(folder)
    if not files:
        raise InputError(f"{folder} holds no audio files")
    clips, prints = [], []
    broken: list[dict[str, str]] = []
    for done, path in enumerate(files, 1):
        name = path.relative_to(folder).as_posix()
        try:
            audio = read_audio(path)
        except InputError as error:
            broken.append({"path": name, "reason": str(error)})
        else:
            clips.append(measure(name, audio))
            prints.append(fingerprint(audio))
        if progress is not None:
            progress(done, len(files))
    groups = [[clips[i].path for i in members if clips[i].rms_dbfs > SILENT_DBFS] for members in copies(prints)]
    return ScanReport(clips, broken, [group for group in groups if len(group) > 1])


def measure(name: str, audio: Audio) -> ClipReport:
    """Measures one clip."""
    samples = audio.astype(np.float64) / 32768.0
    rms_dbfs = _decibels(float(np.sqrt(np.mean(np.square(samples)))))
    clipped = float(np.mean((audio == 32767) | (audio == -32768)))
    zero_run_ms = 1000.0 * _longest_run(audio == 0) / SAMPLE_RATE_HZ
    warnings = []
    if rms_dbfs < SILENT_DBFS:
        warnings.append("silent")
    if clipped > CLIPPED_FRACTION:
        warnings.append("clipped")
    if zero_run_ms > LONGEST_ZERO_RUN_MS:
        warnings.append("digital silence")
    return ClipReport(
        path=name,
        seconds=round(audio.size / SAMPLE_RATE_HZ, 3),
        peak_dbfs=round(_decibels(float(np.abs(samples).max())), 1),
        rms_dbfs=round(rms_dbfs, 1),
        clipped_fraction=round(clipped, 6),
        zero_run_ms=round(zero_run_ms, 1),
        warnings=tuple(warnings),
    )


def _decibels(amplitude: float) -> float:
    return max(20.0 * float(np.log10(amplitude)), _LOWEST_DBFS) if amplitude > 0 else _LOWEST_DBFS


def _longest_run(flags: np.ndarray[Any, np.dtype[np.bool_]]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))
