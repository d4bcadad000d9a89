"""The mel front end: logarithms of mel bands, or their cepstrum, every few milliseconds.

Training computes it with NumPy (``mel_arithmetic.py``), the firmware with ``core/mel``, to the same bits.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from pydantic import ValidationError

from wwtool.base.validation import describe_validation
from wwtool.config.frontend import MelSettings, MfccSettings
from wwtool.config.section import Section
from wwtool.errors import InputError
from wwtool.frontend.front_end import FrontEnd, Pcm
from wwtool.frontend.geometry import SAMPLE_RATE_HZ, Geometry
from wwtool.frontend.mel_arithmetic import values_of, with_slopes
from wwtool.frontend.mel_tables import (
    LARGEST_SCALE,
    LEVEL_BITS,
    SCALE_BITS,
    MelTables,
    mel_tables,
    settings_text,
    tables_text,
)

SHARED_SOURCES = ("mel/ww_frontend.c", "mel/ww_mel.c")
_FRAMES_AT_ONCE = 256
_OCTAVES = 38  # of energy, from digital silence to more than full scale; int8 holds all but the first
_STEPS_AN_OCTAVE = 7
_STEPS_A_DEVIATION = 32  # of int8, with statistics: 4 standard deviations to each side
_LEAST_DEVIATION = 0.25  # octaves: what never changes is not made loud
LARGEST_OFFSET = 1 << 20

MelValues = NDArray[np.int32]


@dataclass(frozen=True)
class Normalization:
    """What int8 becomes of the values of each channel: ``(value - offset) * scale / 2^16``, rounded and limited."""

    offsets: tuple[int, ...]
    scales: tuple[int, ...]


class MelStream:
    """Values of audio that comes in pieces of any size."""

    def __init__(self, geometry: Geometry, tables: MelTables, deltas: bool) -> None:
        self._geometry, self._tables, self._deltas = geometry, tables, deltas
        self._pending = np.zeros(0, np.int16)
        self._past: MelValues | None = None

    def process(self, pcm: Pcm) -> MelValues:
        """Takes samples; returns the frames that they complete, ``(frames, channels)``, perhaps none."""
        if pcm.dtype != np.int16 or pcm.ndim != 1:
            raise TypeError(f"audio must be one channel of int16, not {pcm.dtype} of shape {pcm.shape}")
        window, step = self._geometry.window_samples, self._geometry.step_samples
        audio = np.concatenate([self._pending, pcm])
        frames = self._geometry.frames_of(audio.size)
        self._pending = audio[frames * step :].copy()
        pieces = [np.zeros((0, self._tables.values), np.int32)]
        if frames:
            windows = sliding_window_view(audio, window)[::step][:frames]
            pieces += [
                values_of(windows[start : start + _FRAMES_AT_ONCE], self._tables)
                for start in range(0, frames, _FRAMES_AT_ONCE)
            ]
        values = np.concatenate(pieces)
        return self._sloped(values) if self._deltas else values

    def _sloped(self, values: MelValues) -> MelValues:
        past = np.repeat(values[:1], 4, axis=0) if self._past is None else self._past  # nothing changed before
        if len(values) == 0:
            return np.zeros((0, self._geometry.channels), np.int32)
        self._past = np.concatenate([past, values])[-4:]
        return with_slopes(values, past)

    def reset(self) -> None:
        """Forgets all audio."""
        self._pending, self._past = self._pending[:0], None


class BandFrontEnd(FrontEnd):
    """A front end of the levels of bands. The features are ``(value - offset) * scale / 2^16`` for each channel."""

    config_type: ClassVar[type[Section]]
    config: Any

    def __init__(self, config: Any = None, normalization: Normalization | None = None) -> None:
        self.config = config or self.config_type()
        self.tables = self._tables()
        step = self.config.step_ms * SAMPLE_RATE_HZ // 1000
        self.geometry = Geometry(self.tables.window, step, self.tables.values * (1 + self.deltas))
        self.normalization = normalization or self._default()
        lengths = {len(self.normalization.offsets), len(self.normalization.scales)}
        if lengths != {self.geometry.channels}:
            raise InputError(
                f"the statistics of the front end are for {max(lengths)} channels, and it has "
                f"{self.geometry.channels}; train again without frontend.statistics, so that they are computed anew"
            )

    @property
    def deltas(self) -> bool:
        """Whether each value has its slope beside it."""
        return False

    @abstractmethod
    def _tables(self) -> MelTables: ...

    @abstractmethod
    def _default(self) -> Normalization: ...

    def configured(self, settings: Section) -> Self:
        fields = set(self.config_type.model_fields)
        return type(self)(self.config_type.model_validate(settings.model_dump(include=fields)))

    def as_dict(self) -> dict[str, Any]:
        normalization = {"offsets": list(self.normalization.offsets), "scales": list(self.normalization.scales)}
        return {**self.config.model_dump(), **normalization}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        settings = {key: value for key, value in values.items() if key not in ("offsets", "scales")}
        try:
            config = cls.config_type.model_validate(settings, strict=True)
        except ValidationError as error:
            raise InputError(describe_validation(error, f"the front end {cls.name}")) from error
        offsets = _integers(values.get("offsets"), -LARGEST_OFFSET, LARGEST_OFFSET)
        return cls(config, Normalization(offsets, _integers(values.get("scales"), 1, LARGEST_SCALE)))

    def stream(self) -> MelStream:
        return MelStream(self.geometry, self.tables, self.deltas)

    def quantize(self, values: MelValues) -> NDArray[np.int8]:
        """``(value - offset) * scale / 2^16``, rounded and limited, for each channel."""
        offsets, scales = (np.array(n, np.int64) for n in (self.normalization.offsets, self.normalization.scales))
        scaled = ((values - offsets) * scales + (1 << (SCALE_BITS - 1))) >> SCALE_BITS
        return np.asarray(np.clip(scaled, -128, 127), np.int8)

    def c_settings(self) -> Mapping[str, str]:
        return {
            "ww_mel_settings.h": settings_text(self.tables, self.deltas),
            "ww_mel_tables.c": tables_text(self.tables, self.normalization.offsets, self.normalization.scales),
        }

    def c_tables(self) -> Mapping[str, str]:
        return {}


class MelFrontEnd(BandFrontEnd):
    """Logarithms of mel bands. ``normalization`` None: a fixed one, which fits audio of any level."""

    name = "mel"
    config_type: ClassVar[type[MelSettings]] = MelSettings
    config: MelSettings

    @property
    def deltas(self) -> bool:
        return self.config.deltas

    def _tables(self) -> MelTables:
        return mel_tables(self.config, self._coefficients())

    def _coefficients(self) -> int:
        return 0

    def _default(self) -> Normalization:
        fixed = self._fixed()
        if not self.deltas:
            return fixed
        slopes = tuple(scale // 2 for scale in fixed.scales)
        return Normalization(fixed.offsets + (0,) * len(slopes), fixed.scales + slopes)

    def _fixed(self) -> Normalization:
        """The middle of the levels that audio can have becomes 0."""
        middle, scale = _OCTAVES << (LEVEL_BITS - 1), (_STEPS_AN_OCTAVE << SCALE_BITS) >> LEVEL_BITS
        return Normalization((middle,) * self.tables.values, (scale,) * self.tables.values)

    def normalized(self, mean: Sequence[float], deviation: Sequence[float]) -> MelFrontEnd:
        """The same front end with features of mean 0 and one deviation for all channels, by its values' statistics.

        Raises:
            InputError: they are of another number of channels.
        """
        least = _LEAST_DEVIATION * (1 << LEVEL_BITS)
        scales = [_STEPS_A_DEVIATION * (1 << SCALE_BITS) / max(value, least) for value in deviation]
        scale = tuple(max(1, min(round(value), LARGEST_SCALE)) for value in scales)
        return type(self)(self.config, Normalization(tuple(round(value) for value in mean), scale))

    def c_sources(self, kernel_set: str) -> tuple[str, ...]:
        return (*SHARED_SOURCES, "mel/ww_mel_slopes.c", "mel/ww_mel_bands.c")


class MfccFrontEnd(MelFrontEnd):
    """Mel-frequency cepstral coefficients."""

    name = "mfcc"
    config_type = MfccSettings

    def _coefficients(self) -> int:
        assert isinstance(self.config, MfccSettings)
        return self.config.coefficients

    def _fixed(self) -> Normalization:
        """As for the bands: the 0th coefficient is their sum over the root of their number. The others are smaller."""
        root, bands = math.sqrt(self.config.bands), super()._fixed()
        others = self.tables.values - 1
        loudness, shape = round(bands.scales[0] / root), round(2 * bands.scales[0] / root)
        return Normalization((round(bands.offsets[0] * root), *(0,) * others), (loudness, *(shape,) * others))

    def c_sources(self, kernel_set: str) -> tuple[str, ...]:
        return (*SHARED_SOURCES, "mel/ww_mel_slopes.c", "mel/ww_mel_cepstrum.c")


def _integers(values: object, least: int, most: int) -> tuple[int, ...]:
    if not isinstance(values, list) or not all(type(v) is int and least <= v <= most for v in values):
        raise InputError("the statistics of the front end are no whole numbers in range; make the model again")
    return tuple(values)
