"""How good a network is while it trains: recall at the budget of false alarms, on the dev split of the run."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch

from wwtool.base.cancellation import Cancellation
from wwtool.config import Config
from wwtool.evaluation.assess import detector_config
from wwtool.evaluation.budgeted import Scores, averaged, clip_peaks, recall_at_budget
from wwtool.evaluation.material import Material, Recording, negative_recording, positive_recording
from wwtool.frontend.front_end import FrontEnd
from wwtool.models.network import Network
from wwtool.training.qat import QatNet
from wwtool.training.scoring import window_scores


class Validation:
    """Judges networks on a material, whose features are made once, when they are first asked for."""

    def __init__(
        self, material: Material, config: Config, front_end: FrontEnd, device: torch.device, cancel: Cancellation
    ) -> None:
        self._front_end = front_end
        self._material, self._config, self._device, self._cancel = material, config, device, cancel

    def __call__(self, net: Network | QatNet) -> float:
        """The recall, 0 to 1, at the lowest threshold that keeps the budget as counted."""
        positives, negative = self._recordings
        detector = detector_config(self._config, net.architecture.stride, self._front_end.geometry)
        window = detector.average_window

        def heard(recording: Recording) -> Scores:
            return averaged(self._probabilities(net, recording), window)

        stride = net.architecture.stride
        peaks = {name: clip_peaks(heard(part), part.bounds // stride) for name, part in positives.items()}
        hours = len(negative.frames) / self._front_end.geometry.frames_per_hour
        per_hour = self._config.evaluate.false_alarms_per_hour
        return recall_at_budget(peaks, heard(negative), hours, per_hour, max(1, detector.lockout))

    @cached_property
    def _recordings(self) -> tuple[dict[str, Recording], Recording]:
        material, cancel = self._material, self._cancel
        positives = {
            name: positive_recording(material.positives, noise, front_end=self._front_end, cancel=cancel)
            for name, noise in (("clean", None), ("noisy", material.noise))
        }
        return positives, negative_recording(material.negatives, self._front_end, cancel)

    def _probabilities(self, net: Network | QatNet, recording: Recording) -> Scores:
        """One for every stride of frames; 0 until the network has heard enough."""
        frames, stride = net.architecture.receptive_frames, net.architecture.stride
        count = len(recording.frames) // stride
        logits = window_scores(net, frames, recording.frames, self._device).astype(np.float64)
        result = np.zeros(count)
        first = max(0, -(-frames // stride) - 1)  # the first window ends within this output or just before
        said = 1.0 / (1.0 + np.exp(-logits))
        result[first : first + len(said)] = said[: count - first]
        return result
