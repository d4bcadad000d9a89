"""What a model takes for the phrase in hours of audio, cut out as clips to train against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wwtool.data.audio import Audio, AudioFile, write_audio
from wwtool.evaluation.budgeted import averaged
from wwtool.evaluation.metrics import Track
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

BEFORE_S, AFTER_S = 2.2, 0.4  # of a clip, around the output that scores highest
_APART_S = 2.0


@dataclass(frozen=True)
class Mined:
    """A place that scores high: the number of its file, its time in seconds, and its score, 0 to 1."""

    file: int
    seconds: float
    score: float


def highest_places(track: Track, window: int, most: int, least: float) -> list[Mined]:
    """The ``most`` places with the highest averages over ``window`` outputs, from ``least`` on, highest first.

    Two of them are at least 2 s apart. The labels of the track are the numbers of its files.
    """
    output_s = track.stride * track.geometry.hop_ms / 1000
    apart = max(1, round(_APART_S / output_s))
    found: list[Mined] = []
    for (start, stop), label in zip(track.segments, track.labels, strict=True):
        scores = averaged(track.probabilities[start:stop] / 255.0, window)
        taken = np.zeros(len(scores), bool)
        for position in np.argsort(-scores, kind="stable"):
            if scores[position] < least:
                break
            if not taken[position]:
                found.append(Mined(int(label), round(int(position + 1) * output_s, 3), float(scores[position])))
                taken[max(0, position - apart) : position + apart + 1] = True
    return sorted(found, key=lambda place: (-place.score, place.file, place.seconds))[:most]


def cut(path: Path, places: Sequence[Mined]) -> Iterator[tuple[Mined, Audio]]:
    """The clips around places of one file, which is read once, in blocks; by rising time.

    Raises:
        InputError: the file cannot be read.
    """
    waiting = sorted(places, key=lambda place: place.seconds)
    kept, first = np.zeros(0, np.int16), 0  # the samples at hand, and the number of the first
    for block in AudioFile(path):
        kept = np.concatenate([kept, block])
        while waiting and first + len(kept) >= int((waiting[0].seconds + AFTER_S) * SAMPLE_RATE_HZ):
            yield waiting[0], _clip(waiting.pop(0), kept, first)
        keep_from = waiting[0].seconds - BEFORE_S if waiting else (first + len(kept)) / SAMPLE_RATE_HZ
        dropped = min(len(kept), max(0, int(keep_from * SAMPLE_RATE_HZ) - first))
        kept, first = kept[dropped:], first + dropped
    for place in waiting:  # at the end of the file
        yield place, _clip(place, kept, first)


def _clip(place: Mined, kept: Audio, first: int) -> Audio:
    low, high = ((place.seconds + shift) * SAMPLE_RATE_HZ - first for shift in (-BEFORE_S, AFTER_S))
    return np.ascontiguousarray(kept[max(0, int(low)) : max(0, int(high))])


def write_clips(folder: Path, files: Sequence[Path], places: Sequence[Mined]) -> list[tuple[Path, Mined]]:
    """Writes a clip for every place as a .wav in ``folder``; its name begins with the score, in thousandths."""
    written = []
    for number, path in enumerate(files):
        for place, clip in cut(path, [place for place in places if place.file == number]):
            target = folder / f"mined-{round(1000 * place.score):04d}-{number}-{round(1000 * place.seconds)}.wav"
            write_audio(target, clip)
            written.append((target, place))
    return sorted(written, key=lambda entry: (-entry[1].score, entry[0].name))
