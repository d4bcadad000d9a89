"""Event files that TensorBoard shows: ``tensorboard --logdir RUN/tensorboard``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wwtool.jobs.tracking.tracker import Tracker

_FOLDER = "tensorboard"


class TensorBoard(Tracker):
    package = "tensorboardX"
    places = (_FOLDER,)

    def __init__(self, folder: Path, title: str, config: dict[str, Any]) -> None:
        from tensorboardX import SummaryWriter

        self._writer = SummaryWriter(str(folder / _FOLDER), write_to_disk=True)
        self._writer.add_text("config", f"    {json.dumps(config, indent=2, default=str)}".replace("\n", "\n    "), 0)

    def scalar(self, name: str, value: float, step: int) -> None:
        self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        self._writer.close()
