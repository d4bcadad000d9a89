"""A process of a team, for ``test_team.py``: trains the tests' tiny network as a command."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import click
from safetensors.torch import save_file
from test_training import POOLS, TINY, config
from torch import nn

from wwtool import events
from wwtool.cli import main as command_line
from wwtool.cli.processes import in_team
from wwtool.errors import InputError
from wwtool.training import learner, loop
from wwtool.training.run import Run
from wwtool.training.team.team import team


def still(network: nn.Module, course: object) -> None:
    """Keeps batch norms as they are from the first step on: nothing in a step looks at several windows then."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def main(out: Path, folder: Path, settings: dict[str, Any], end: str, at: int) -> None:
    """Trains in ``folder``. Before step ``at`` of the float stage, this process fails, is interrupted or is killed."""
    losses: list[list[Any]] = []

    def listen(event: events.Event) -> None:
        if isinstance(event, events.Loss):
            losses.append([event.stage, event.step, event.loss])

    finish, take_step = loop._Trainer.finish, loop._Trainer._step

    def finished(self: Any) -> Any:
        net = finish(self)
        tensors = {name: value.contiguous() for name, value in net.state_dict().items()}
        save_file(tensors, out / f"weights{team().rank}.safetensors")
        return net

    def step(self: Any, pupil: Any, number: int, *lessons: Any) -> None:
        if pupil.stage.name == "float" and number == at:
            if end == "fails":
                raise InputError("this process has no more memory; get some")
            os.kill(os.getpid(), {"interrupted": signal.SIGINT, "killed": signal.SIGKILL}[end])
        take_step(self, pupil, number, *lessons)

    if settings.pop("still", False):
        vars(learner)["freeze"] = still
    loop._Trainer.finish = loop._WORK["finish"] = finished  # type: ignore[method-assign]
    loop._Trainer._step = step  # type: ignore[method-assign, assignment]
    made = config(**{"threads": 1, "device": "cpu", **settings})

    @click.command()
    @in_team
    def train() -> None:
        loop.train(Run(folder, TINY, POOLS, made, "a", model="tiny", listener=listen))
        (out / "losses.json").write_text(json.dumps(losses))

    vars(command_line)["cli"] = train
    command_line.main([])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
