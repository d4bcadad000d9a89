"""Members of the zoo with layers of their own: they learn, and an interrupted run goes on to the byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_training import CONFIG, run, run_killed, run_of, short, weights

from wwtool import events
from wwtool.models.architecture import Architecture
from wwtool.models.bc_resnet import BroadcastResNetArchitecture
from wwtool.models.gru import GruArchitecture
from wwtool.models.lstm import LstmArchitecture
from wwtool.models.mobilenet_v3 import MobileNetV3Architecture
from wwtool.models.resnet18 import ResNet18Architecture
from wwtool.training.loop import train

TINY: dict[str, Architecture] = {
    "gru": GruArchitecture(6, 4, 3, 3, 6, 2),
    "lstm": LstmArchitecture(6, 4, 3, 3, 6),
    "bc-resnet": BroadcastResNetArchitecture(4, 3, 3, (2,), 2),
    "resnet": ResNet18Architecture(2, 3, 3, 2, 2),
    "mobilenet": MobileNetV3Architecture(4, 3, 3, 2),
}


def names(*slow: str) -> list[Any]:
    """The members as parameters of a test that takes some of them long."""
    return [pytest.param(name, marks=[pytest.mark.slow] * (name in slow)) for name in TINY]


@pytest.mark.parametrize("name", names("bc-resnet", "resnet", "mobilenet"))
def test_it_learns(name: str, tmp_path: Path) -> None:
    losses: list[float] = []

    def listener(event: events.Event) -> None:
        if isinstance(event, events.Loss):
            losses.append(event.loss)

    config = CONFIG.model_copy(update={"steps": 120, "qat_steps": 30, "batch": 32, "learning_rate": 0.02})
    train(run_of(tmp_path, config, architecture=TINY[name], listener=listener))
    assert np.mean(losses[-3:]) < 0.6 * losses[0]


@pytest.mark.parametrize("name", names("bc-resnet", "mobilenet"))
def test_a_killed_run_ends_with_the_same_weights(name: str, tmp_path: Path) -> None:
    config = short()
    run(tmp_path / "whole", config, architecture=TINY[name])
    for stage, after in (("float", 5), ("qat", 2)):
        run_killed(tmp_path / "killed", stage, after, config, TINY[name])
    run(tmp_path / "killed", config, architecture=TINY[name])
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole")
