"""How good a network is while it trains: recall at the budget of false alarms, on the dev split of the run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import numpy as np
import torch

from wwtool.base.cancellation import Cancellation
from wwtool.config import Config
from wwtool.evaluation.assess import detector_config
from wwtool.evaluation.budgeted import Heard, Scores, averaged, clip_peaks, lockout_peaks
from wwtool.evaluation.material import Recording
from wwtool.evaluation.recordings import Recordings
from wwtool.evaluation.streaming import StreamingModel
from wwtool.export.tflite import to_tflite
from wwtool.models.architecture import Architecture
from wwtool.models.network import Network
from wwtool.training.qat import QatNet
from wwtool.training.scoring import window_scores

_WHOLE = 256.0  # a probability of 8 bits is so many parts of 1


class Validation:
    """Listens with networks to recordings."""

    def __init__(self, recordings: Recordings, config: Config, device: torch.device, cancel: Cancellation) -> None:
        self._recordings, self._config, self._device, self._cancel = recordings, config, device, cancel

    def __call__(self, net: Network | QatNet) -> float:
        """The recall, 0 to 1, at the lowest threshold that keeps the budget as counted."""
        return self.heard(net).recall(self._config.evaluate.false_alarms_per_hour)

    def heard(self, net: Network | QatNet, shift: float = 0.0) -> Heard:
        """What the detector averages of a network's probabilities; ``shift`` is taken off its logits."""
        return self._heard(lambda recording: self._probabilities(net, recording, shift), net.architecture)

    def heard_on_device(self, net: QatNet) -> Heard:
        """The same of the integer model that a quantized network becomes: the bytes that a device computes."""
        shape, content = net.architecture, to_tflite(net.cpu().quantized(), "")[0]
        first = _first_output(shape)

        def probabilities(recording: Recording) -> Scores:
            outputs = model.probabilities(recording.frames)
            return np.where(np.arange(len(outputs)) < first, 0.0, outputs / _WHOLE)

        with closing(StreamingModel(content, self._recordings.front_end)) as model:
            return self._heard(probabilities, shape)

    def _heard(self, probabilities: Callable[[Recording], Scores], shape: Architecture) -> Heard:
        positives, negative = self._recordings.positives, self._recordings.negative
        geometry = self._recordings.front_end.geometry
        detector = detector_config(self._config, shape.stride, geometry)

        def scores(recording: Recording) -> Scores:
            self._cancel.check()
            return averaged(probabilities(recording), detector.average_window)

        peaks = {name: clip_peaks(scores(part), part.bounds // shape.stride) for name, part in positives.items()}
        loudest = lockout_peaks(scores(negative), max(1, detector.lockout))
        return Heard(peaks, loudest, len(negative.frames) / geometry.frames_per_hour)

    def _probabilities(self, net: Network | QatNet, recording: Recording, shift: float) -> Scores:
        """One for every stride of frames; 0 until the network has heard enough."""
        frames, stride = net.architecture.receptive_frames, net.architecture.stride
        count = len(recording.frames) // stride
        logits = window_scores(net, frames, recording.frames, self._device).astype(np.float64)
        result = np.zeros(count)
        first = _first_output(net.architecture)
        said = 1.0 / (1.0 + np.exp(shift - logits))
        result[first : first + len(said)] = said[: count - first]
        return result


def _first_output(shape: Architecture) -> int:
    """The first output at which a network has heard a whole window, or lacks less than a stride."""
    return max(0, -(-shape.receptive_frames // shape.stride) - 1)
