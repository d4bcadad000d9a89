"""The curves of a training in the tools that people look at them with: one tracker a file, all in the registry here.

Trackers hear the events that terminal and log hear. A tracker that cannot be reached is left out with a warning: the
training goes on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wwtool import events
from wwtool.base.registry import Registry
from wwtool.base.text import one_line
from wwtool.config import Config
from wwtool.jobs.tracking.mlflow import MLflow
from wwtool.jobs.tracking.tensorboard import TensorBoard
from wwtool.jobs.tracking.tracker import Tracker
from wwtool.jobs.tracking.wandb import WeightsAndBiases

TRACKERS: Registry[type[Tracker]] = Registry(
    "train.trackers", {"tensorboard": TensorBoard, "wandb": WeightsAndBiases, "mlflow": MLflow}
)


@contextmanager
def tracked(folder: Path, title: str, config: Config, listener: events.Listener) -> Iterator[events.Listener]:
    """The listener, and the config's trackers that hear the same events; they are closed at the end."""
    kinds = [TRACKERS.member(name) for name in config.train.trackers]
    tracking = _Tracking(kinds, folder, title, config.model_dump(mode="json"), listener)
    try:
        yield events.broadcast(listener, tracking)
    finally:
        tracking.close()


class _Tracking:
    def __init__(
        self, kinds: Sequence[type[Tracker]], folder: Path, title: str, config: dict[str, Any], warn: events.Listener
    ) -> None:  # fmt: skip
        self._waiting, self._open = list(kinds), list[Tracker]()
        self._folder, self._title, self._config, self._warn = folder, title, config, warn

    def __call__(self, event: events.Event) -> None:
        if isinstance(event, events.Loss):
            named = f"{event.model}/{event.stage}" if event.model else event.stage
            for name in ("loss", "learning_rate", "gradient_norm"):
                self._scalar(f"{named}/{name}", getattr(event, name), event.step)
        elif isinstance(event, events.Metric):
            self._scalar(f"{event.stage}/{event.name.replace(' ', '_')}", event.value, event.step)

    def _scalar(self, name: str, value: float, step: int) -> None:
        if not math.isfinite(value):
            return
        for kind in self._waiting:
            self._guarded(kind, lambda kind=kind: self._open.append(kind(self._folder, self._title, self._config)))
        self._waiting = []
        for tracker in list(self._open):
            if not self._guarded(type(tracker), lambda tracker=tracker: tracker.scalar(name, value, step)):
                self._open.remove(tracker)

    def close(self) -> None:
        for tracker in self._open:
            self._guarded(type(tracker), tracker.close)

    def _guarded(self, kind: type[Tracker], work: Any) -> bool:
        """Whether a tracker has done its work; whatever it raises becomes a warning."""
        try:
            work()
        except ImportError:
            self._warn(events.Warning(f"no curves are kept for want of {kind.package}; pip install {kind.package}"))
        except Exception as error:  # a tracker is a program of others, with servers of others
            said = one_line(str(error))[:200] or type(error).__name__
            self._warn(events.Warning(f"{kind.package} fails, and the training goes on without it: {said}"))
        else:
            return True
        return False
