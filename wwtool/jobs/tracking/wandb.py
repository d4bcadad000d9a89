"""Weights & Biases. Without an account or a network, ``WANDB_MODE=offline`` keeps the run in its folder."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from wwtool.jobs.tracking.tracker import Tracker

_PROJECT = "wwtool"


class WeightsAndBiases(Tracker):
    package = "wandb"
    places = ("wandb",)

    def __init__(self, folder: Path, title: str, config: dict[str, Any]) -> None:
        wandb = importlib.import_module("wandb")
        folder.mkdir(parents=True, exist_ok=True)
        self._run = wandb.init(project=_PROJECT, name=title, dir=str(folder), config=config)

    def scalar(self, name: str, value: float, step: int) -> None:
        # W&B has one step that only rises, and stages of a training count from 0 each: the step is a figure of its own.
        self._run.log({name: value, "step": step})

    def close(self) -> None:
        self._run.finish()
