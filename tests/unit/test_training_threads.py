"""The same weights on machines with other numbers of processors: nothing of a model depends on what OpenMP is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from wwtool.base.threads import pinned_threads
from wwtool.config import TrainConfig

TESTS = Path(__file__).parent
PROGRAM = """
import sys
from pathlib import Path
import torch
sys.path.insert(0, sys.argv[3])
from test_training import KilledError, pools
from wwtool import events
from wwtool.config import TrainConfig
from wwtool.models.zoo import ZOO
from wwtool.training.loop import train
from wwtool.training.run import Run

until = int(sys.argv[2])
torch.set_num_threads(int(sys.argv[4]))  # as PyTorch does by itself on a machine with so many processors

def listener(event):
    if isinstance(event, events.Loss) and event.stage == "float" and event.step == until:
        raise KilledError

config = TrainConfig(steps=20, qat_steps=10, batch=64, checkpoint_steps=10, device="cpu", threads=2)
try:
    train(Run(Path(sys.argv[1]), ZOO["tcn32"], pools(), config, "a", model="tcn32", listener=listener))
except KilledError:
    pass
"""


def run(folder: Path, processors: int, until: int = -1) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": str(processors), "OMP_WAIT_POLICY": "PASSIVE"}
    command = [sys.executable, "-c", PROGRAM, str(folder), str(until), str(TESTS), str(processors)]
    subprocess.run(command, env=environment, check=True, timeout=300)


def checkpoint(folder: Path) -> bytes:
    return (folder / "checkpoint.safetensors").read_bytes()


@pytest.fixture(scope="module")
def on_one(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("one")
    run(folder, 1)
    return checkpoint(folder)


def test_other_processors_the_same_weights(on_one: bytes, tmp_path: Path) -> None:
    run(tmp_path, 3)
    assert checkpoint(tmp_path) == on_one


def test_interrupted_on_one_machine_and_resumed_on_another(on_one: bytes, tmp_path: Path) -> None:
    run(tmp_path, 4, until=10)
    assert checkpoint(tmp_path) != on_one
    run(tmp_path, 2)
    assert checkpoint(tmp_path) == on_one


def test_the_number_of_threads_is_put_back() -> None:
    before = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError), pinned_threads(before + 3):
        assert torch.get_num_threads() == before + 3
        raise ZeroDivisionError
    assert torch.get_num_threads() == before


def test_the_number_of_threads_is_part_of_a_run() -> None:
    assert TrainConfig().model_dump()["threads"] == 1
