"""One long run of the front end over clips laid end to end: its noise estimate adapts as it does on the device."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.data.audio import Audio
from wwtool.features.embeddings.embedding import Embedding
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END


class Tape:
    """Audio goes in, features and the places of words come out, and the vectors of an embedding if there is one."""

    def __init__(self, front_end: FrontEnd = DEFAULT_FRONT_END, embedding: Embedding | None = None) -> None:
        self._front_end = front_end
        self._embedding = embedding.stream() if embedding else None
        self._stream = front_end.stream()
        self._features: list[npt.NDArray[np.int8]] = [np.zeros((0, front_end.geometry.channels), np.int8)]
        self._samples = 0
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, audio: Audio, word: tuple[int, int] | None = None) -> None:
        """Appends audio. ``word``: the first sample of a word in it, and the sample after its last."""
        if word is not None:
            frames_of = self._front_end.geometry.frames_of  # whose windows end at or before a sample
            self._starts.append(frames_of(self._samples + word[0]))
            self._ends.append(frames_of(self._samples + word[1]))
        self._features.append(self._front_end.quantize(self._stream.process(audio)))
        if self._embedding:
            self._embedding.process(audio)
        self._samples += len(audio)

    def add_features(self, features: npt.NDArray[np.int8]) -> None:
        """Appends features, (frames, channels), that were made elsewhere; there is no audio of them."""
        self._features.append(features)
        self._samples += len(features) * self._front_end.geometry.step_samples

    def lasts(self, hours: float) -> bool:
        """Whether the audio is that long or longer."""
        return self._samples >= hours * 3600 * self._front_end.geometry.sample_rate_hz

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """``features`` (frames, channels) int8; ``starts`` and ``ends`` of words in frames, end exclusive, int64.

        With an embedding also ``vectors`` (steps, width) float16, and ``vector_steps``: its window and step in samples.
        """
        arrays: dict[str, npt.NDArray[Any]] = {
            "features": np.concatenate(self._features),
            "starts": np.asarray(self._starts, np.int64),
            "ends": np.asarray(self._ends, np.int64),
        }
        if self._embedding:
            steps = self._embedding.steps
            arrays["vectors"] = self._embedding.finish().astype(np.float16)
            arrays["vector_steps"] = np.array([steps.window_samples, steps.step_samples], np.int64)
        return arrays
