"""Pools of augmented features: made once, cached, and sampled by training.

A pool is one long run of the front end over clips laid end to end with gaps, so its noise estimate adapts as it does
on the device. Every pool is described by a PoolJob, a plain value; its hash names the cached file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from wwtool.base.files import hash_of, write_arrays
from wwtool.base.records import read_arrays
from wwtool.config import AugmentConfig
from wwtool.data.audio import Audio, to_int16
from wwtool.data.augment import Augmenter, FloatAudio, rms, to_float, utterance_bounds
from wwtool.data.store import ClipStore
from wwtool.errors import InputError
from wwtool.frontend.geometry import MICRO, SAMPLE_RATE_HZ
from wwtool.frontend.registry import DEFAULT_FRONT_END

# Raise when the code below changes what a pool holds.
_VERSION = 2
_TAIL_SAMPLES = int(0.45 * SAMPLE_RATE_HZ)
_CLEAN_CHANCE, _CLEAN_SNR_DB = 0.3, (25.0, 60.0)
_QUIETEST = 1e-6  # a recording of noise may have stretches of digital silence

PoolKind = Literal["positive", "native", "negative", "clean", "noise"]


@dataclass(frozen=True)
class PoolJob:
    """What to make: ``amount`` clips of positives, or hours of negatives."""

    name: str
    kind: PoolKind
    clips: str  # path of a ClipStore; unused for noise
    amount: float
    seed: int
    augment: AugmentConfig
    noise: str | None = None
    babble: str | None = None
    rooms: str | None = None
    lead: str | None = None  # speech heard before and after positives
    content: str = ""  # hash of what the stores hold

    @property
    def key(self) -> str:
        own = {
            k: v for k, v in asdict(self).items() if k not in ("augment", "clips", "noise", "babble", "rooms", "lead")
        }
        present = [bool(self.noise), bool(self.babble), bool(self.rooms), bool(self.lead)]
        return f"{self.name}-{hash_of(_VERSION, own, present, self.augment.model_dump())}"


@dataclass(frozen=True)
class Pool:
    """int8 features (frames, channels); for positives also each word's first frame and the frame after its last."""

    name: str
    features: npt.NDArray[np.int8]
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]

    @property
    def positive(self) -> bool:
        return len(self.ends) > 0


def load_pool(path: Path, name: str) -> Pool:
    """Reads the file of a pool.

    Raises:
        InputError: it is missing or damaged.
    """
    arrays = read_arrays(path)
    try:
        pool = Pool(name, arrays["features"], arrays["starts"], arrays["ends"])
    except KeyError as error:
        raise _damaged(path) from error
    forms = [(array.dtype.str, array.shape[1:]) for array in (pool.features, pool.starts, pool.ends)]
    if forms != [("|i1", (MICRO.channels,)), ("<i8", ()), ("<i8", ())] or len(pool.starts) != len(pool.ends):
        raise _damaged(path)
    places = np.concatenate([pool.starts, pool.ends])
    if (places < 0).any() or (places > len(pool.features)).any():
        raise _damaged(path)
    return pool


def _damaged(path: Path) -> InputError:
    return InputError(f"{path} does not hold a pool of features; delete it and run again")


def is_pool(path: Path) -> bool:
    """Whether a file has the name of a pool: what it is, and a hash of its job."""
    return re.fullmatch(r"[a-z_]+-[0-9a-f]{16}\.npz", path.name) is not None


def make_pool(job: PoolJob, folder: Path) -> Path:
    """Makes the pool, or finds it made; returns its file."""
    path = folder / f"{job.key}.npz"
    if not path.exists():
        features, starts, ends = _Maker(job).run()
        write_arrays(path, features=features, starts=np.asarray(starts, np.int64), ends=np.asarray(ends, np.int64))
    return path


def frame_after(sample: int) -> int:
    """The number of frames whose window ends at or before ``sample``."""
    return max(0, (sample - MICRO.window_samples) // MICRO.step_samples + 1)


class _Maker:
    def __init__(self, job: PoolJob) -> None:
        self.job = job
        noise = _open(job.noise)
        babble = ClipStore(Path(job.babble)).samples[: 3600 * SAMPLE_RATE_HZ // 2] if job.babble else None
        self.augmenter = Augmenter(job.augment, np.random.default_rng(job.seed), noise, babble, _open(job.rooms))
        self.random = self.augmenter.random
        self.lead = _open(job.lead)
        self._stream = DEFAULT_FRONT_END.stream()
        self._features: list[npt.NDArray[np.int8]] = []
        self._samples = 0
        self._starts: list[int] = []
        self._ends: list[int] = []

    def run(self) -> tuple[npt.NDArray[np.int8], list[int], list[int]]:
        if self.job.kind == "noise":
            self._noise()
        else:
            clips = ClipStore(Path(self.job.clips))
            {
                "positive": self._positives,
                "native": self._native,
                "negative": self._negatives,
                "clean": self._negatives,
            }[self.job.kind](clips)
        return np.concatenate(self._features), self._starts, self._ends

    def _add(self, audio: Audio, start: int | None = None, end: int | None = None) -> None:
        """Appends audio; ``start`` and ``end`` are a word's samples within it."""
        if start is not None and end is not None:
            self._starts.append(frame_after(self._samples + start))
            self._ends.append(frame_after(self._samples + end))
        frames = DEFAULT_FRONT_END.quantize(self._stream.process(audio))
        if len(frames):
            self._features.append(frames)
        self._samples += len(audio)

    def _positives(self, clips: Sequence[Audio]) -> None:
        """Words cut out of their recordings, laid on fresh backgrounds, sometimes between other speech."""
        for i in range(int(self.job.amount)):
            word, _ = self.augmenter.change_speed(to_float(clips[i % len(clips)]))
            length = len(word)
            y = self.augmenter.colour(word)
            gap = int(self.random.uniform(0.7, 1.9) * SAMPLE_RATE_HZ)
            x = np.zeros(gap + len(y) + _TAIL_SAMPLES, np.float32)
            x[gap : gap + len(y)] = y
            self._surround(x, gap, length)
            x = x[: gap + length + _TAIL_SAMPLES]
            # A model trained on noisy words alone misses the clean ones.
            snr_db = _CLEAN_SNR_DB if self.augmenter.chance(_CLEAN_CHANCE) else None
            self._add(self.augmenter.mix(x, rms(y[:length]), snr_db), gap, gap + length)

    def _surround(self, x: FloatAudio, start: int, length: int) -> None:
        """Adds speech before and after the word at ``start``, in place."""
        config = self.job.augment
        if self.lead and self.augmenter.chance(config.speech_before):
            stop = start - int(self.random.uniform(0.05, 0.6) * SAMPLE_RATE_HZ)
            other = self._other_speech()[-stop:]
            x[stop - len(other) : stop] += other
        if self.lead and self.augmenter.chance(config.speech_after):
            begin = start + length + int(self.random.uniform(0.05, 0.25) * SAMPLE_RATE_HZ)
            other = self._other_speech()[: max(0, len(x) - begin)]
            x[begin : begin + len(other)] += other

    def _other_speech(self) -> FloatAudio:
        clip = self.lead[int(self.random.integers(len(self.lead)))][: 2 * SAMPLE_RATE_HZ]
        return self.augmenter.colour(to_float(clip)) * np.float32(self.augmenter.gain(-12.0, 3.0))

    def _native(self, clips: Sequence[Audio]) -> None:
        """Whole recordings with their own background; half get nothing but a level and a noise floor."""
        bounds = [utterance_bounds(clip) for clip in clips]
        usable = [i for i, (s, e) in enumerate(bounds) if 0.2 < (e - s) / SAMPLE_RATE_HZ < 2.5] or list(
            range(len(clips))
        )
        for n in range(int(self.job.amount)):
            index = usable[n % len(usable)]
            x, factor = self.augmenter.change_speed(to_float(clips[index]))
            start, end = (int(v / factor) for v in bounds[index])
            y = self.augmenter.colour(x) if self.augmenter.chance(0.6) else x / (np.abs(x).max() + np.float32(1e-6))
            y = y[: end + _TAIL_SAMPLES]
            gap = int(self.random.uniform(0.1, 1.3) * SAMPLE_RATE_HZ)
            y = np.pad(y, (gap, max(0, end + _TAIL_SAMPLES - len(y))))
            if self.augmenter.chance(0.45):
                level = self.augmenter.gain(-30.0, 0.0) / (np.abs(y).max() + 1e-6)
                audio = to_int16(y * np.float32(level) + self.augmenter.noise_floor(len(y)))
            else:
                audio = self.augmenter.mix(y, rms(y[gap + start : gap + end]), (0.0, 40.0))
            self._add(audio, gap + start, gap + end)

    def _negatives(self, clips: Sequence[Audio]) -> None:
        """Speech in stretches of 12 s with gaps; "clean" leaves it almost undisturbed."""
        snr = _CLEAN_SNR_DB if self.job.kind == "clean" else None
        order, used = self.random.permutation(len(clips)), 0
        while self._samples < self.job.amount * 3600 * SAMPLE_RATE_HZ:
            parts: list[FloatAudio] = []
            levels: list[float] = []
            while sum(map(len, parts)) < 12 * SAMPLE_RATE_HZ:
                clip = clips[int(order[used % len(order)])][: 15 * SAMPLE_RATE_HZ]
                used += 1
                faster, _ = self.augmenter.change_speed(to_float(clip))
                y = self.augmenter.colour(faster) * np.float32(self.augmenter.gain(-8.0, 0.0))
                levels.append(rms(y))
                parts += [y, np.zeros(int(self.random.uniform(0.02, 0.9) * SAMPLE_RATE_HZ), np.float32)]
            self._add(self.augmenter.mix(np.concatenate(parts), float(np.mean(levels)), snr))

    def _noise(self) -> None:
        """Backgrounds alone, from faint to full scale."""
        count = 6 * SAMPLE_RATE_HZ
        while self._samples < self.job.amount * 3600 * SAMPLE_RATE_HZ:
            x = self.augmenter.background(count)
            if self.augmenter.chance(0.4):
                x = x + self.augmenter.background(count) * np.float32(self.augmenter.gain(-20.0, 3.0))
            x = x * np.float32(self.augmenter.gain(-45.0, 0.0) / np.abs(x).max(initial=_QUIETEST))
            self._add(to_int16(x + self.augmenter.noise_floor(count)))


def _open(path: str | None) -> Sequence[Audio]:
    return ClipStore(Path(path)) if path else ()
