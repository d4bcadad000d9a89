"""Finds recordings that are copies of each other: shifted in time, louder or softer, cut differently.

The fingerprint of a clip is its coarse log-mel spectrogram. Two clips are copies if their spectrograms are almost equal
at the best shift in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len, rfft

from wwtool.data.audio import Audio
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

COPY_SIMILARITY = 0.94  # measured: copies at another level with a little noise 0.95, one word by two voices 0.93

_WINDOW, _HOP, _BANDS = 512, SAMPLE_RATE_HZ // 100, 24
_DYNAMIC_DB = 35.0  # anything softer than the loudest frame by more than this is background
_LONGEST_FRAMES = 1000  # 10 s are enough to recognise a recording
_LONGEST_SAMPLES = 600 * SAMPLE_RATE_HZ  # the ten seconds are in the first ten minutes
_FRAMES_AT_ONCE = 4096
_CANDIDATES = 12
_BLOCK = 1024


@dataclass(frozen=True)
class Fingerprint:
    """A clip's spectrogram (frames, bands) of unit energy, and a summary of it that does not depend on time."""

    spectrogram: npt.NDArray[np.float32]
    summary: npt.NDArray[np.float32]


def fingerprint(audio: Audio) -> Fingerprint:
    """The fingerprint of a clip, or of its first ten minutes."""
    padded = np.pad(audio[:_LONGEST_SAMPLES].astype(np.float32), (_WINDOW, _WINDOW))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    pieces = [frames[start : start + _FRAMES_AT_ONCE] for start in range(0, len(frames), _FRAMES_AT_ONCE)]
    energy = np.concatenate([_energy(piece) for piece in pieces])
    decibels = 10.0 * np.log10(energy + 1e-3)
    spectrogram = np.maximum(decibels - decibels.max() + _DYNAMIC_DB, 0.0)
    voiced = np.flatnonzero(spectrogram.max(axis=1) > 0)
    spectrogram = spectrogram[voiced[0] : voiced[-1] + 1][:_LONGEST_FRAMES] if voiced.size else spectrogram[:1]
    weights = spectrogram.sum(axis=0)
    order = np.sort(spectrogram, axis=0)[:: -max(1, len(spectrogram) // 8)][:6]
    summary = np.concatenate([weights / (weights.sum() + 1e-6) * 5.0, order.mean(axis=1) / _DYNAMIC_DB])
    centred = spectrogram - spectrogram.mean()
    unit = centred / (np.linalg.norm(centred) + 1e-6)
    return Fingerprint(unit.astype(np.float32), np.resize(summary, _BANDS + 6).astype(np.float32))


class Listener:
    """Collects the blocks of a recording that its fingerprint needs."""

    def __init__(self) -> None:
        self._blocks: list[Audio] = []
        self._samples = 0

    def add(self, block: Audio) -> None:
        if self._samples < _LONGEST_SAMPLES:
            self._blocks.append(block)
            self._samples += len(block)

    def fingerprint(self) -> Fingerprint:
        return fingerprint(np.concatenate(self._blocks))


def similarity(a: Fingerprint, b: Fingerprint) -> float:
    """1 for the same clip at any shift; around 0.5 for different speech."""
    size = next_fast_len(len(a.spectrogram) + len(b.spectrogram), real=True)
    spectrum = rfft(a.spectrogram, size, axis=0) * np.conj(rfft(b.spectrogram, size, axis=0))
    return float(irfft(spectrum.sum(axis=1), size).max())


def copies(prints: Sequence[Fingerprint]) -> list[list[int]]:
    """Groups of at least two positions whose clips are copies of each other, in order."""
    groups = Groups(len(prints))
    for i, j in _candidates(prints):
        if not groups.joined(i, j) and similarity(prints[i], prints[j]) >= COPY_SIMILARITY:
            groups.join(i, j)
    return [members for members in groups.all() if len(members) > 1]


class Groups:
    """A partition of the numbers 0 to n - 1 whose groups can be joined (union-find)."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def root(self, i: int) -> int:
        while self._parent[i] != i:
            self._parent[i] = self._parent[self._parent[i]]
            i = self._parent[i]
        return i

    def join(self, i: int, j: int) -> None:
        first, second = sorted((self.root(i), self.root(j)))
        self._parent[second] = first

    def joined(self, i: int, j: int) -> bool:
        return self.root(i) == self.root(j)

    def all(self) -> list[list[int]]:
        members: dict[int, list[int]] = {}
        for i in range(len(self._parent)):
            members.setdefault(self.root(i), []).append(i)
        return list(members.values())


def _candidates(prints: Sequence[Fingerprint]) -> Iterable[tuple[int, int]]:
    """Pairs with similar summaries: each clip with its few nearest."""
    if len(prints) < 2:
        return
    summaries = np.stack([p.summary for p in prints])
    squares = np.square(summaries).sum(axis=1)
    near = min(_CANDIDATES, len(prints) - 1)
    for start in range(0, len(prints), _BLOCK):
        block = slice(start, start + _BLOCK)
        distances = squares[block, None] + squares[None, :] - 2.0 * summaries[block] @ summaries.T
        rows = np.arange(len(distances))
        distances[rows, rows + start] = np.inf
        for row, others in enumerate(np.argpartition(distances, near - 1, axis=1)[:, :near]):
            yield from ((start + row, int(other)) for other in others)


def _energy(frames: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The energy of every band, (frames, bands), of windows (frames, samples)."""
    power = np.square(np.abs(rfft(frames * np.hanning(_WINDOW), axis=1))).astype(np.float32)
    return np.asarray(power @ _filters(), np.float32)


def _filters() -> npt.NDArray[np.float32]:
    """Triangular mel filters from 100 to 7000 Hz, (bins, bands)."""
    edges_mel = np.linspace(1127 * np.log1p(100 / 700), 1127 * np.log1p(7000 / 700), _BANDS + 2)
    edges_hz = 700 * np.expm1(edges_mel / 1127)
    hz = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE_HZ)[:, None]
    rising = (hz - edges_hz[:-2]) / (edges_hz[1:-1] - edges_hz[:-2])
    falling = (edges_hz[2:] - hz) / (edges_hz[2:] - edges_hz[1:-1])
    return np.asarray(np.clip(np.minimum(rising, falling), 0.0, None), np.float32)
