"""Pools of augmented features: made once, cached, and sampled by training.

A pool is one tape of features. A PoolJob, a plain value, describes what is on it; the job's hash names the cached file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from wwtool.base.files import hash_of, write_arrays
from wwtool.base.records import read_arrays
from wwtool.config import AugmentConfig
from wwtool.data.audio import Audio
from wwtool.data.store import ClipStore
from wwtool.errors import InputError
from wwtool.features.embeddings.embedding import Embedding, Steps
from wwtool.features.recipes import RECIPES
from wwtool.features.tape import Tape
from wwtool.features.waveform.studio import Sources, Studio
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.geometry import MICRO, SAMPLE_RATE_HZ, Geometry
from wwtool.frontend.registry import DEFAULT_FRONT_END

Number = TypeVar("Number", int, npt.NDArray[np.int64])

# Raise when code changes what a pool holds.
_VERSION = 5
_BABBLE_SAMPLES = 1800 * SAMPLE_RATE_HZ  # half an hour of speech is enough to draw from
_CLIPS_AN_HOUR = 1500  # of work, roughly


@dataclass(frozen=True)
class PoolJob:
    """What to make: ``amount`` clips or hours, by the recipe ``kind``.

    ``clips``, ``noise``, ``babble``, ``rooms``, ``simulated_rooms`` and ``lead`` (speech before and after words) are
    paths of clip stores, ``sounds`` are several; what they are is described at ``Sources``.
    ``content`` is a hash of what the stores hold. ``embedding`` hears the audio for a teacher, if there is one that
    needs it.
    """

    name: str
    kind: str
    clips: str | None
    amount: float
    seed: int
    augment: AugmentConfig
    noise: str | None = None
    babble: str | None = None
    rooms: str | None = None
    lead: str | None = None
    simulated_rooms: str | None = None
    sounds: tuple[str, ...] = ()
    content: str = ""
    embedding: Embedding | None = None
    front_end: FrontEnd = DEFAULT_FRONT_END

    @property
    def key(self) -> str:
        """The name of the pool's file, without its suffix."""
        paths = ("clips", "noise", "babble", "rooms", "lead", "simulated_rooms", "sounds")
        what = {
            key: value
            for key, value in asdict(self).items()
            if key not in ("augment", "embedding", "front_end", *paths)
        }
        if self.embedding:
            what["embedding"] = self.embedding.version
        if self.front_end != DEFAULT_FRONT_END:
            what["front_end"] = self.front_end.as_dict()
        present = [bool(self.noise), bool(self.babble), bool(self.rooms), bool(self.lead), bool(self.simulated_rooms)]
        augment = self.augment.model_dump(exclude={"spectrogram"})
        return f"{self.name}-{hash_of(_VERSION, what, present, len(self.sounds), augment)}"

    @property
    def hours_of_work(self) -> float:
        """How long the job takes in comparison with others."""
        return self.amount if RECIPES.member(self.kind).unit == "hours" else self.amount / _CLIPS_AN_HOUR


@dataclass(frozen=True)
class Heard:
    """The vectors that an embedding makes of a pool's audio, float16 (steps, width), and when it gives them.

    ``geometry``: that of the frames beside them.
    """

    vectors: npt.NDArray[np.float16]
    steps: Steps
    geometry: Geometry = MICRO

    def before(self, stop: Number) -> Number:
        """The number of the last vector that hears nothing after the first ``stop`` frames; negative: there is none."""
        samples = self.geometry.window_samples + (stop - 1) * self.geometry.step_samples
        full = (samples - self.steps.window_samples) // self.steps.step_samples
        last: Number = np.minimum(full, len(self.vectors) - 1)
        return last

    def until(self, number: Number) -> Number:
        """How many frames have passed when the vector of that number is known."""
        samples = self.steps.window_samples + number * self.steps.step_samples
        return 1 - (self.geometry.window_samples - samples) // self.geometry.step_samples  # rounded up


@dataclass(frozen=True)
class Pool:
    """int8 features (frames, channels); for positives also each word's first frame and the frame after its last.

    ``heard``: what an embedding makes of the same audio; None: there is none. ``soft``: a teacher's logit of the audio
    up to the end of each frame, (frames,), NaN where it says nothing; None: there is no teacher. ``labelled``: whether
    somebody knows where the phrase is.
    """

    name: str
    features: npt.NDArray[np.int8]
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    heard: Heard | None = None
    soft: npt.NDArray[np.float32] | None = None
    labelled: bool = True

    @property
    def positive(self) -> bool:
        return len(self.ends) > 0


@dataclass(frozen=True)
class WeightedPool:
    """A pool, and how often a window is drawn from it in comparison with others."""

    pool: Pool
    weight: float


def load_pool(path: Path, name: str, geometry: Geometry = MICRO) -> Pool:
    """Reads the file of a pool, whose frames have that geometry.

    Raises:
        InputError: it is missing or damaged.
    """
    arrays = read_arrays(path)
    try:
        pool = Pool(name, arrays["features"], arrays["starts"], arrays["ends"], _heard(arrays, geometry))
    except (KeyError, ValueError) as error:
        raise _damaged(path) from error
    forms = [(array.dtype.str, array.shape[1:]) for array in (pool.features, pool.starts, pool.ends)]
    if forms != [("|i1", (geometry.channels,)), ("<i8", ()), ("<i8", ())] or len(pool.starts) != len(pool.ends):
        raise _damaged(path)
    places = np.concatenate([pool.starts, pool.ends])
    if (places < 0).any() or (places > len(pool.features)).any():
        raise _damaged(path)
    return pool


def _heard(arrays: dict[str, npt.NDArray[Any]], geometry: Geometry) -> Heard | None:
    """What a tape keeps of an embedding; raises KeyError or ValueError if it is not that."""
    if "vectors" not in arrays:
        return None
    vectors, steps = arrays["vectors"], arrays["vector_steps"]
    if vectors.dtype.str != "<f2" or vectors.ndim != 2 or not np.isfinite(vectors).all():
        raise ValueError("these are no vectors")
    if steps.dtype.str != "<i8" or steps.shape != (2,) or steps.min() < 1:
        raise ValueError("these are no steps")
    return Heard(vectors, Steps(*map(int, steps)), geometry)


def _damaged(path: Path) -> InputError:
    return InputError(f"{path} does not hold a pool of features; delete it and run again")


def is_pool(path: Path) -> bool:
    """Whether a file has the name of a pool: what it is, and a hash of its job."""
    return re.fullmatch(r"[a-z_]+-[0-9a-f]{16}\.npz", path.name) is not None


def make_pool(job: PoolJob, folder: Path) -> Path:
    """Makes the pool unless it is there already; returns its file."""
    path = folder / f"{job.key}.npz"
    if not path.exists():
        tape = Tape(job.front_end, job.embedding)
        record(job, tape)
        write_arrays(path, **tape.arrays())
    return path


def record(job: PoolJob, tape: Tape) -> None:
    """Lays what a job describes on a tape."""
    babble = ClipStore(Path(job.babble)).samples[:_BABBLE_SAMPLES] if job.babble else np.zeros(0, np.int16)
    sources = Sources(
        noise=_open(job.noise), sounds=[_open(path) for path in job.sounds], babble=babble, rooms=_open(job.rooms),
        simulated_rooms=_open(job.simulated_rooms), speech=_open(job.lead),
    )  # fmt: skip
    studio, recipe = Studio(job.augment, np.random.default_rng(job.seed), sources), RECIPES.member(job.kind)
    recipe.record(recipe.open(Path(job.clips)) if job.clips else (), job.amount, studio, tape)


def _open(path: str | None) -> Sequence[Audio]:
    return ClipStore(Path(path)) if path else ()
