"""Runs a model on audio as the device does: front end, generated C, detector."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wwtool.engines.native import NativeEngine
from wwtool.errors import InputError
from wwtool.evaluation.detector import DetectorConfig, detect, highest_average
from wwtool.evaluation.silence import SilenceGate
from wwtool.evaluation.voice_gate import VoiceGate
from wwtool.frontend.front_end import FrontEnd
from wwtool.tflite.graph import Graph


@dataclass(frozen=True)
class Detection:
    """``frame``: the last feature frame that the inference read, from 0 on. ``probability``: its output, 0 to 255."""

    frame: int
    probability: int


class StreamingModel:
    """An INT8 .tflite that reads a front end's features; every call starts from a fresh state.

    ``front_end``: the one that the file names, unless another is given. ``gate``: skips inferences in silence; their
    outputs are 0. ``voice_gate``: detections count only while it hears speech.

    Attributes:
        hops, heard: of all audio so far, and those on which the model has run.
    """

    def __init__(self, content: bytes, front_end: FrontEnd | None = None, gate: SilenceGate | None = None) -> None:
        self.gate = gate
        self.voice_gate: VoiceGate | None = None
        self.hops = self.heard = 0
        self._engine = NativeEngine(content)
        graph: Graph = self._engine.model.program.graph
        self.front_end = front_end or graph.front_end
        source, result = graph.tensor(graph.inputs[0]), graph.tensor(graph.outputs[0])
        channels = self.front_end.geometry.channels
        if len(source.shape) != 3 or source.shape[2] != channels or source.dtype != "int8" or result.size != 1:
            raise InputError(
                f"the model maps {list(source.shape)} to {list(result.shape)}; "
                f"streaming needs int8 [1, frames, {channels}] to one output"
            )
        self.stride = source.shape[1]
        self._offset = 0 if result.dtype == "uint8" else 128

    def probabilities(self, frames: npt.NDArray[np.int8]) -> npt.NDArray[np.uint8]:
        """The outputs, 0 to 255, for int8 features (frames, channels): one for every ``stride`` frames, (outputs,)."""
        count = len(frames) // self.stride
        if count == 0:
            return np.zeros(0, np.uint8)
        rows = frames[: count * self.stride].reshape(count, self.stride, self.front_end.geometry.channels)
        self.hops += count
        if self.gate is None:
            self.heard += count
            return self._run(rows)
        opens, hears = self.gate.open_hops(frames, self.stride)
        outputs = np.zeros(count, np.uint8)
        if hears.any():
            outputs[hears] = self._run(rows[hears])
        self.heard += int(hears.sum())
        outputs[~opens] = 0
        return outputs

    def _run(self, rows: npt.NDArray[np.int8]) -> npt.NDArray[np.uint8]:
        return self._engine.run(rows).reshape(-1).view(np.uint8) + np.uint8(self._offset)

    def listen(
        self, blocks: Iterable[npt.NDArray[np.int16]], config: DetectorConfig
    ) -> tuple[list[Detection], int | None]:
        """Detections in 16 kHz audio that comes in blocks, and the highest average of the outputs, 0 to 255.

        None for audio that is shorter than the detector's warm-up.
        """
        frames = self.front_end.quantized(blocks)
        p, counts = self.probabilities(frames), self.counts(frames)
        return [Detection(self.frame_of(i), int(p[i])) for i in detect(p, config, counts)], highest_average(p, config)

    def counts(self, frames: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_] | None:
        """At which outputs a detection counts, (outputs,); None: at all."""
        return self.voice_gate.open(frames, self.stride) if self.voice_gate else None

    def frame_of(self, output: int) -> int:
        """The last feature frame that the inference of number ``output`` read."""
        return (output + 1) * self.stride - 1

    def close(self) -> None:
        """Frees the compiled model."""
        self._engine.close()
