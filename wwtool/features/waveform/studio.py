"""What the transforms of audio work on and draw from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from wwtool.config import AugmentConfig
from wwtool.data.audio import Audio
from wwtool.data.utterance import FloatAudio


@dataclass(frozen=True)
class Sources:
    """Recordings that transforms mix in; each may be empty.

    ``noise``: backgrounds; ``sounds``: computed ones, several sequences of them; ``babble``: one long run of speech;
    ``rooms``: impulse responses; ``simulated_rooms``: those of simulated rooms, two each, as ``data/rooms.py`` makes
    them; ``speech``: clips of other speech.
    """

    noise: Sequence[Audio] = ()
    sounds: Sequence[Sequence[Audio]] = ()
    babble: npt.NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    rooms: Sequence[Audio] = ()
    simulated_rooms: Sequence[Audio] = ()
    speech: Sequence[Audio] = ()


@dataclass(frozen=True)
class Studio:
    """Bounds, randomness and sources of the transforms. All randomness comes from ``random``."""

    config: AugmentConfig
    random: np.random.Generator
    sources: Sources = field(default_factory=Sources)

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return bool(self.random.random() < probability)

    def gain(self, low_db: float, high_db: float) -> float:
        """A random factor between two levels in dB."""
        return float(10.0 ** (self.random.uniform(low_db, high_db) / 20.0))


@dataclass(frozen=True)
class Clip:
    """Speech by itself.

    ``speed``: how much faster it is than it was recorded. ``tail_samples``: how much reverberation follows the speech.
    ``from_noise``: if it is in a simulated room, the impulse response from another place in the room.
    """

    samples: FloatAudio
    speed: float = 1.0
    tail_samples: int = 0
    from_noise: FloatAudio | None = None

    @property
    def speech_samples(self) -> int:
        """Length without the reverberation."""
        return len(self.samples) - self.tail_samples


@dataclass(frozen=True)
class Filter:
    """A linear filter: an impulse response, or a factor for every frequency, or both.

    ``shape`` takes the gain so far and the frequencies in Hz, ``(bins,)`` each, and returns the new gain. It is smooth:
    nothing in it is narrower than some 30 Hz. ``from_noise``: as a ``Clip`` has it.
    """

    impulse: FloatAudio | None = None
    shape: Callable[[npt.NDArray[np.float64], npt.NDArray[np.float64]], npt.NDArray[np.float64]] | None = None
    from_noise: FloatAudio | None = None


@dataclass(frozen=True)
class Scene:
    """Speech in its place, before something is added around and over it.

    ``speech_rms``: level of the speech, from which the background's follows. ``word``: first sample of the word and the
    sample after its last, where other speech may come before and after it. ``snr_db`` and ``level_db`` are ranges; None
    switches the background or the change of level off. ``clean_share``: chance of hardly any background.
    ``from_noise``: if the speech is in a simulated room, the impulse response through which the background comes.
    """

    samples: FloatAudio
    speech_rms: float = 1.0
    word: tuple[int, int] | None = None
    snr_db: tuple[float, float] | None = None
    level_db: tuple[float, float] | None = None
    clean_share: float = 0.0
    from_noise: FloatAudio | None = None
