"""Mean and deviation of a front end's values over the audio of a training, and the file that keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from wwtool.base.files import write_json
from wwtool.base.records import read_record
from wwtool.config.frontend import MelSettings, MfccSettings
from wwtool.errors import InputError
from wwtool.frontend.mel import MelFrontEnd

NAME = "statistics.json"

_Value = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]


class Statistics(BaseModel):
    """``mean`` and ``deviation`` of each channel's values, over ``frames`` frames that ``front_end`` made."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    record: Literal["wwtool.statistics"] = Field("wwtool.statistics", alias="schema")
    version: Literal[1] = 1
    front_end: Annotated[MelSettings | MfccSettings, Field(discriminator="kind")]
    frames: int = Field(ge=1)
    mean: tuple[_Value, ...]
    deviation: tuple[Annotated[_Value, Field(ge=0.0)], ...]

    def apply(self, front_end: MelFrontEnd, where: str) -> MelFrontEnd:
        """The front end, normalised.

        Raises:
            InputError: the statistics are of another front end; the message says how to compute them anew.
        """
        channels = front_end.geometry.channels
        if self.front_end != front_end.config or {len(self.mean), len(self.deviation)} != {channels}:
            raise InputError(
                f"{where} holds {len(self.mean)} channels of {_described(self.front_end)}, and frontend makes "
                f"{channels} of {_described(front_end.config)}; leave frontend.statistics out, so that they are "
                "computed anew from the audio of this run"
            )
        return front_end.normalized(self.mean, self.deviation)

    def save(self, path: Path) -> None:
        """Writes the file."""
        write_json(path, self.model_dump(by_alias=True))


def read_statistics(path: Path) -> Statistics:
    """Reads the file, or that of a run's folder.

    Raises:
        InputError: it is missing or holds something else.
    """
    return read_record(path / NAME if path.is_dir() else path, Statistics)


def _described(settings: MelSettings) -> str:
    return ", ".join(f"{key} {value}" for key, value in settings.model_dump().items())


class Sums:
    """Sums of values and their squares, exact whatever their order."""

    def __init__(self, channels: int) -> None:
        self.frames = 0
        self._sum, self._squares = np.zeros(channels, np.int64), np.zeros(channels, np.int64)

    def add(self, values: npt.NDArray[np.int32]) -> None:
        """Takes values (frames, channels)."""
        wide = values.astype(np.int64)
        self.frames += len(wide)
        self._sum += wide.sum(axis=0)
        self._squares += (wide * wide).sum(axis=0)

    def statistics(self, front_end: MelFrontEnd) -> Statistics:
        """Mean and deviation of all values."""
        mean = self._sum / self.frames
        variance = np.maximum(self._squares / self.frames - mean * mean, 0.0)
        return Statistics(
            front_end=front_end.config,
            frames=self.frames,
            mean=tuple(round(float(value), 3) for value in mean),
            deviation=tuple(round(float(value), 3) for value in np.sqrt(variance)),
        )
