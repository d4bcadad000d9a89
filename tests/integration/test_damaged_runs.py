"""Run folders that somebody damaged or forged: every command that reads one refuses it in a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from cli import run_here
from safetensors import safe_open
from safetensors.torch import save

from wwtool.evaluation.detector import DetectorConfig
from wwtool.export.tflite import to_tflite
from wwtool.models.network import Network
from wwtool.models.zoo import ZOO, as_dict
from wwtool.training.checkpoint import NAME, State, save_checkpoint
from wwtool.training.qat import QatNet

Tensors = dict[str, torch.Tensor]
DEEP = "[" * 100_000


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the zoo's smallest shape with the weights it is born with."""
    folder = tmp_path_factory.mktemp("finished")
    torch.manual_seed(0)
    architecture = ZOO["tcn32"]
    net = QatNet(Network(architecture).eval(), 0.0)
    net.calibrate(torch.rand((4, architecture.receptive_frames + 30, 40)) * 26.0)
    state = State("done", 0, "x", architecture, 0.0, "tcn32")
    save_checkpoint(folder, state, {f"ema.{name}": value for name, value in net.state_dict().items()})
    (folder / "model.tflite").write_bytes(to_tflite(net.quantized(), "test")[0])
    return folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    for path in finished.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def rewritten(folder: Path, change: Callable[[Tensors], None], meta: str | None = None) -> None:
    with safe_open(folder / NAME, framework="pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        metadata = dict(file.metadata())
    change(tensors)
    (folder / NAME).write_bytes(save(tensors, metadata={"wwtool": metadata["wwtool"] if meta is None else meta}))


def put(name: str, value: float) -> Callable[[Tensors], None]:
    """Puts a value into the tensor whose name ends so."""

    def change(tensors: Tensors) -> None:
        tensor = next(tensor for key, tensor in tensors.items() if key.endswith(name))
        tensor.view(-1)[0] = value

    return change


def test_a_sound_run_is_exported(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_here(capsys, "export", run, "-o", run / "out.tflite").code == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 1e30, -1e30])
@pytest.mark.parametrize("name", ["layers.0.weight", "layers.0.bias", "layers.2.output.log_scale", "layers.9.bias"])
def test_weights_that_are_no_weights(run: Path, capsys: pytest.CaptureFixture[str], name: str, value: float) -> None:
    rewritten(run, put(name, value))
    run_here(capsys, "export", run, "-o", run / "out.tflite").refused(4, "astray")
    assert not (run / "out.tflite").exists()


def _without(name: str) -> Callable[[Tensors], None]:
    def remove(tensors: Tensors) -> None:
        for key in [key for key in tensors if key.endswith(name)]:
            del tensors[key]

    return remove


@pytest.mark.parametrize(
    "change",
    [
        _without("layers.0.weight"),
        lambda tensors: tensors.clear(),
        lambda tensors: tensors.update({key: torch.zeros(3) for key in tensors}),
        lambda tensors: tensors.update({key: torch.zeros((), dtype=torch.int64) for key in tensors}),
    ],
)
def test_tensors_of_another_model(
    run: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Tensors], None]
) -> None:
    rewritten(run, change)
    run_here(capsys, "export", run).refused(4, "does not hold the weights its metadata describes")


SHAPE: dict[str, Any] = as_dict(ZOO["tcn32"])
META: dict[str, Any] = {**asdict(State("done", 0, "x", ZOO["tcn32"], 0.0, "tcn32")), "architecture": SHAPE}


SHAPES: list[Any] = [
    [], {}, {**SHAPE, "family": "cnn"}, {**SHAPE, "family": ["tcn"]}, {**SHAPE, "width": "32"},
    {**SHAPE, "width": 0},
    {**SHAPE, "width": 10**9}, {**SHAPE, "width": 3.5}, {**SHAPE, "width": True}, {**SHAPE, "kernels": []},
    {**SHAPE, "kernels": 5}, {**SHAPE, "kernels": [[5]]}, {**SHAPE, "kernels": [5] * 10**5},
    {**SHAPE, "stride": 50}, {**SHAPE, "depth": 3}, {**SHAPE, "width": 4096, "kernels": [4096] * 64},
]  # fmt: skip


@pytest.mark.parametrize(
    "meta",
    [
        DEEP, "", "null", "[]", "{}", '{"stage": "done"}', json.dumps({**META, "step": "1"}),
        json.dumps({**META, "step": -1}),
        json.dumps({**META, "logit_shift": 1e300}), json.dumps(META)[:-1] + ', "logit_shift": NaN}',
        json.dumps({**META, "more": 1}), json.dumps({**META, "stage": "finished"}), json.dumps({**META, "model": 3}),
        *(json.dumps({**META, "architecture": architecture}) for architecture in SHAPES),
    ],
)  # fmt: skip
def test_metadata_of_no_run(run: Path, capsys: pytest.CaptureFixture[str], meta: str) -> None:
    rewritten(run, lambda tensors: None, meta)
    run_here(capsys, "export", run).refused(4, NAME, "delete it to train from the beginning")


@pytest.mark.parametrize(
    "content", [b"", b"x" * 99, DEEP.encode(), b"\xff" * 8 + b"{}", (10).to_bytes(8, "little") + b"[" * 10]
)
def test_a_checkpoint_that_is_none(run: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    (run / NAME).write_bytes(content)
    run_here(capsys, "export", run).refused(4, NAME, "delete it")


GOOD = DetectorConfig().model_dump()
POINT = {"threshold": 9, "recall": {"clean": 0.5}, "false_alarms": 1, "per_hour": 2.0}


@pytest.mark.parametrize(
    "evaluation",
    [
        "", DEEP, "[]", "null", "{}", json.dumps({"detector": GOOD}), json.dumps({"detector": [], "curve": [POINT]}),
        *(
            json.dumps({"detector": {**GOOD, **change}, "curve": [POINT]})
            for change in (
                {"on_threshold": 0}, {"on_threshold": 10**17}, {"on_threshold": "high"}, {"lockout": -1}, {"more": 1},
                {"average_window": 10**6}, {"votes_needed": 3}, {"off_threshold": 256},
            )
        ),
        '{"detector": {"on_threshold": NaN}, "curve": []}', '{"detector": {"on_threshold": ' + "9" * 5000 + "}}",
        *(
            json.dumps({"detector": GOOD, "curve": [{**POINT, **change}]})
            for change in ({"recall": {"clean": 2.0}}, {"recall": [1]}, {"per_hour": -1.0}, {"threshold": None})
        ),
    ],
)  # fmt: skip
def test_an_evaluation_that_is_none(run: Path, capsys: pytest.CaptureFixture[str], evaluation: str) -> None:
    (run / "evaluation.json").write_text(evaluation)
    run_here(capsys, "evaluate", run, "--data", run).refused(4, "evaluation.json", "make it again")
