"""The audio of an evaluation as features: made once, whoever listens to them."""

from __future__ import annotations

from functools import cached_property

from wwtool.base.cancellation import Cancellation
from wwtool.evaluation.material import Material, Recording, negative_recording, positive_recording
from wwtool.frontend.front_end import FrontEnd


class Recordings:
    """A material for models that read the features of one front end.

    Raises:
        CancelledError: somebody has cancelled while features are made, which is when they are first asked for.
    """

    def __init__(self, material: Material, front_end: FrontEnd, cancel: Cancellation | None = None) -> None:
        self.material, self.front_end = material, front_end
        self._cancel = cancel or Cancellation()

    @cached_property
    def positives(self) -> dict[str, Recording]:
        """The clips of the phrase, by condition."""
        conditions = (("clean", None), ("noisy", self.material.noise))
        return {
            name: positive_recording(self.material.positives, noise, front_end=self.front_end, cancel=self._cancel)
            for name, noise in conditions
        }

    @cached_property
    def negative(self) -> Recording:
        """The negatives of which there is audio."""
        return negative_recording(self.material.negatives, self.front_end, self._cancel)
