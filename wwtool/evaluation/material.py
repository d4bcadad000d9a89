"""The audio of an evaluation: clips, and the long recordings that are made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from wwtool.base.cancellation import Cancellation
from wwtool.config import AugmentConfig
from wwtool.data.audio import Audio, AudioFile, to_int16
from wwtool.data.utterance import FloatAudio, rms, to_float, utterance_bounds
from wwtool.data.voices import Speakers
from wwtool.evaluation.kinds import KindFacts
from wwtool.evaluation.metrics import Track
from wwtool.evaluation.streaming import StreamingModel
from wwtool.features.waveform.background import background
from wwtool.features.waveform.studio import Studio
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.geometry import SAMPLE_RATE_HZ, Geometry
from wwtool.frontend.registry import DEFAULT_FRONT_END

_BLOCK_SAMPLES = 60 * SAMPLE_RATE_HZ
_FLOOR_DB = -70.0  # of a quiet microphone
_NOISY_SNR_DB = 10.0
_BEFORE_S, _AFTER_S, _GAP_S = 1.2, 0.8, 0.3  # silence before and after a positive, and after a negative
_POSITIVE_SEED, _NEGATIVE_SEED = 9, 10  # the same noise in every evaluation


@dataclass(frozen=True)
class Material:
    """Clips to evaluate on.

    Attributes:
        positives: clips of the phrase.
        speakers: who speaks them.
        negatives: everything else, by label. One that lasts for hours is best a file, which is read in blocks.
        noise: backgrounds of the noisy condition; each is cut or repeated to the length of a positive.
        near_misses: clips that sound like the phrase on purpose. Nobody says them by the hour, so they do not count as
            negatives.
        kinds: what is known of the kinds of negatives, by label; a kind may be missing.
        who: the speaker of each positive, None where nobody is named; empty: nobody is.
        ready_made: further negatives, of which there are features and no audio, by label.
    """

    positives: Sequence[Audio]
    speakers: Speakers
    negatives: Mapping[str, Sequence[Audio | AudioFile]]
    noise: Sequence[Audio]
    near_misses: Sequence[Audio] = ()
    kinds: Mapping[str, KindFacts] = field(default_factory=dict)
    ready_made: Mapping[str, Sequence[npt.NDArray[np.int8]]] = field(default_factory=dict)
    who: Sequence[str | None] = ()


@dataclass(frozen=True)
class Recording:
    """Clips laid end to end, as features.

    ``frames``: int8 features (frames, channels). ``bounds``: first frame of each clip and the frame after its last,
    (clips, 2). ``labels``: what each clip is.
    """

    frames: npt.NDArray[np.int8]
    bounds: npt.NDArray[np.int64]
    labels: tuple[str, ...]

    def with_features(
        self, features: Mapping[str, Sequence[npt.NDArray[np.int8]]], most_hours: float, geometry: Geometry
    ) -> Recording:
        """The recording, and features of other clips after it: of each label at most so many hours."""
        frames, bounds, labels, total = [self.frames], [self.bounds], list(self.labels), len(self.frames)
        for label, clips in features.items():
            left = int(most_hours * geometry.frames_per_hour)
            for clip in clips:
                part = clip[:left]
                frames.append(part)
                bounds.append(np.array([[total, total + len(part)]]))
                labels.append(label)
                total, left = total + len(part), left - len(part)
                if left <= 0:
                    break
        return Recording(np.concatenate(frames), np.concatenate(bounds), tuple(labels))

    def track(self, model: StreamingModel) -> Track:
        """The outputs that a model gives over the recording."""
        outputs, geometry = model.probabilities(self.frames), model.front_end.geometry
        bounds, counts = self.bounds // model.stride, model.counts(self.frames)
        return Track(outputs, bounds, self.labels, model.stride, geometry, counts)


def positive_recording(
    clips: Sequence[Audio], noise: Sequence[Audio] | None, snr_db: float = _NOISY_SNR_DB,
    front_end: FrontEnd = DEFAULT_FRONT_END, cancel: Cancellation | None = None,
) -> Recording:  # fmt: skip
    """Positives between silences, with a noise floor.

    Where ``noise`` is not None, a background lies ``snr_db`` below each word: one of the clips, or noise of a random
    colour if there is no clip.

    Raises:
        CancelledError: somebody has cancelled; checked at every clip.
    """
    generator = np.random.default_rng(_POSITIVE_SEED)
    studio = Studio(AugmentConfig(), generator)

    def piece(i: int, clip: Audio) -> FloatAudio:
        x = np.pad(to_float(clip), (int(_BEFORE_S * SAMPLE_RATE_HZ), int(_AFTER_S * SAMPLE_RATE_HZ)))
        if noise is not None:
            start, end = utterance_bounds(clip)
            z = _cycled(to_float(noise[i % len(noise)]), len(x)) if len(noise) else background(len(x), studio)
            x = x + z * np.float32(rms(to_float(clip[start:end])) * 10 ** (-snr_db / 20) / rms(z))
            x = x / max(1.0, float(np.abs(x).max()))
        return x

    pieces: Iterable[FloatAudio] = (piece(i, clip) for i, clip in enumerate(clips))
    if noise is not None and not len(noise):
        pieces = list(pieces)  # all backgrounds are drawn from the generator before the first noise floor
    return _recorded(([x] for x in pieces), ["positive"] * len(clips), generator, front_end, cancel)


def negative_recording(
    negatives: Mapping[str, Sequence[Audio | AudioFile]], front_end: FrontEnd = DEFAULT_FRONT_END,
    cancel: Cancellation | None = None,
) -> Recording:  # fmt: skip
    """All negatives one after the other, 0.3 s apart, with a noise floor.

    Raises:
        CancelledError: somebody has cancelled; checked at every minute of audio.
    """
    labels = [label for label, clips in negatives.items() for _ in clips]
    pieces = (_with_gap(clip) for clips in negatives.values() for clip in clips)
    return _recorded(pieces, labels, np.random.default_rng(_NEGATIVE_SEED), front_end, cancel)


def _with_gap(clip: Audio | AudioFile) -> Iterator[FloatAudio]:
    blocks = (
        (clip[start : start + _BLOCK_SAMPLES] for start in range(0, len(clip), _BLOCK_SAMPLES))
        if isinstance(clip, np.ndarray)
        else clip
    )
    yield from map(to_float, blocks)
    yield np.zeros(int(_GAP_S * SAMPLE_RATE_HZ), np.float32)


def _recorded(
    pieces: Iterable[Iterable[FloatAudio]], labels: list[str], generator: np.random.Generator, front_end: FrontEnd,
    cancel: Cancellation | None,
) -> Recording:  # fmt: skip
    """Pieces, which come in blocks: only one block is held as audio at a time."""
    cancel = cancel or Cancellation()
    stream, frames, bounds, total = front_end.stream(), [np.zeros((0, front_end.geometry.channels), np.int8)], [], 0
    for piece in pieces:
        start = total
        for block in piece:
            cancel.check()
            floor = generator.standard_normal(len(block), np.float32) * np.float32(10 ** (_FLOOR_DB / 20))
            new = front_end.quantize(stream.process(to_int16(block + floor)))
            frames.append(new)
            total += len(new)
        bounds.append((start, total))
    return Recording(np.concatenate(frames), np.asarray(bounds, np.int64).reshape(-1, 2), tuple(labels))


def _cycled(x: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.float32]:
    return np.tile(x, count // len(x) + 1)[:count]
