"""MLflow, at the server of ``MLFLOW_TRACKING_URI``."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from wwtool.jobs.tracking.tracker import Tracker

_EXPERIMENT = "wwtool"
_LONGEST = 500  # characters of a parameter
_NAMES = str.maketrans(dict.fromkeys("()[]{},%'\"", "_"))  # which MLflow refuses


class MLflow(Tracker):
    package = "mlflow-skinny"

    def __init__(self, folder: Path, title: str, config: dict[str, Any]) -> None:
        self._client = importlib.import_module("mlflow").MlflowClient()
        known = self._client.get_experiment_by_name(_EXPERIMENT)
        experiment = known.experiment_id if known else self._client.create_experiment(_EXPERIMENT)
        self._run = self._client.create_run(experiment, run_name=title).info.run_id
        for key, value in config.items():
            self._client.log_param(self._run, key, str(value)[:_LONGEST])

    def scalar(self, name: str, value: float, step: int) -> None:
        self._client.log_metric(self._run, name.translate(_NAMES), value, step=step)

    def close(self) -> None:
        self._client.set_terminated(self._run)
