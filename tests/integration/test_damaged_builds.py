"""Build folders that somebody damaged: every command that reads one says so in a sentence, whatever is in them."""

from __future__ import annotations

import copy
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from cli import Result, run_here
from flash_bench import make_build

from wwtool.data.audio import write_audio
from wwtool.evaluation.detector import DetectorConfig
from wwtool.export.tflite import to_tflite
from wwtool.jobs.evaluate import Detections
from wwtool.models.network import Network
from wwtool.models.zoo import ZOO
from wwtool.training.checkpoint import NAME, State, save_checkpoint
from wwtool.training.qat import QatNet

NO_PORT = "socket://127.0.0.1:1"
NO_FILE = "no file"
VALUES: list[Any] = [
    None, True, -1, 0, 10**17, 1e300, float("nan"), float("inf"), "", "[/red]\x1b[2J\nerror: x", "../../x",
    "/etc/passwd", "\udcff", "\ud800", [], {}, [[]], {"a": 1}, [1] * 50,
]  # fmt: skip


def npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


GARBAGE: dict[str, bytes] = {
    "empty": b"",
    "brackets": b"[" * 100_000,
    "braces": b'{"a":' * 100_000,
    "zeros": bytes(3000),
    "ones": b"\xff" * 3000,
    "text": b"<!doctype html>\n<title>404</title>",
    "digits": b'{"a": ' + b"9" * 5000 + b"}",
    "array": npy(np.zeros((3, 3))),
    "infinite": npy(np.full((50, 3, 40), np.nan, np.float32)),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As much of a finished build for the ESP32-S3 as commands read."""
    folder = make_build(tmp_path_factory.mktemp("builds") / "sound", "esp32s3")
    torch.manual_seed(0)
    architecture = ZOO["tcn32"]
    net = QatNet(Network(architecture).eval(), 0.0)
    net.calibrate(torch.rand((4, architecture.receptive_frames + 30, 40)) * 26.0)
    content = to_tflite(net.quantized(), "test")[0]
    (folder / "run").mkdir()
    (folder / "hil").mkdir()
    for name in ("model.tflite", "run/model.tflite"):
        (folder / name).write_bytes(content)
    state = State("done", 0, "x", architecture, 0.0, "tcn32")
    save_checkpoint(folder / "run", state, {f"ema.{name}": value for name, value in net.state_dict().items()})
    (folder / "hil" / "real.npy").write_bytes(npy(np.zeros((50, 3, 40), np.int8)))
    write_audio(folder / "hil" / "stream.wav", np.zeros(16000, np.int16))
    detector = DetectorConfig().model_dump()
    point = {"threshold": 9, "recall": {"clean": 0.5}, "false_alarms": 1, "per_hour": 2.0}
    (folder / "run" / "evaluation.json").write_text(json.dumps({"detector": detector, "curve": [point]}))
    final = {
        "sizes": {"stack_reserved": 8192}, "cycles": {"frontend": 1, "invoke": 2}, "estimated": [], "arena_bytes": 100,
        "state_bytes": 100, "limits": [{"name": "latency", "used": 1.0, "limit": 15.0, "unit": "ms", "fits": True}],
    }  # fmt: skip
    manifest = json.loads((folder / "manifest.json").read_text())
    model = {"sha256": hashlib.sha256(content).hexdigest(), "macs": 10_000}
    (folder / "manifest.json").write_text(
        json.dumps({**manifest, "wwtool": "1", "model": model, "detector": detector, "final": final})
    )
    return folder


@pytest.fixture
def build(sound: Path, tmp_path: Path) -> Path:
    for path in sorted(sound.rglob("*")):
        copied = tmp_path / path.relative_to(sound)
        copied.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            copied.write_bytes(path.read_bytes())
    return tmp_path


def commands(build: Path) -> dict[str, tuple[Any, ...]]:
    return {
        "hil": ("hil", "--port", NO_PORT, "--build", build),
        "flash": ("flash", build, "--port", "/dev/none"),
        "emulate": ("emulate", build),
        "evaluate": ("evaluate", build, "--wav", build / "hil" / "stream.wav"),
        "export": ("export", build / "run", "-o", build / "exported.tflite"),
    }


def is_told(result: Result, what: object) -> None:
    """It ended as the contract has it, and with a sentence if not well."""
    printed = result.out + result.err
    assert result.code in (0, 2, 4, 5, 6), (what, result)
    assert result.err.count("\n") == (result.code != 0), (what, result)
    assert result.code == 0 or result.err.startswith("error: "), (what, result)
    assert "Traceback" not in printed and "\x1b" not in printed, (what, result)
    assert len(result.err) < 2000, what


def test_the_build_is_sound(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So what the others are refused for is the damage."""
    ends = {name: run_here(capsys, *command) for name, command in commands(build).items()}
    assert {name: result.code for name, result in ends.items() if name != "emulate"} == {
        "hil": 6, "flash": 6, "evaluate": 0, "export": 0,
    }, ends  # fmt: skip
    assert "cannot open the port" in ends["hil"].err
    assert "there is no port /dev/none" in ends["flash"].err


@pytest.mark.parametrize("damage", [*GARBAGE, "cut", NO_FILE])
def test_each_file_as_something_else(build: Path, capsys: pytest.CaptureFixture[str], damage: str) -> None:
    read = {
        "manifest.json": ("hil", "flash", "emulate"), "model.tflite": ("hil",), "run/model.tflite": ("evaluate",),
        "run/evaluation.json": ("evaluate",), "hil/stream.wav": ("evaluate",), f"run/{NAME}": ("export",),
        "image/hey.bin": ("flash", "emulate"),
    }  # fmt: skip
    for name, readers in read.items():
        before = (build / name).read_bytes()
        if damage == NO_FILE:
            (build / name).unlink()
        else:
            (build / name).write_bytes(GARBAGE[damage] if damage in GARBAGE else before[: len(before) // 2])
        for reader in readers:
            result = run_here(capsys, *commands(build)[reader])
            is_told(result, (name, damage, reader))
            assert result.code != 0
        (build / name).write_bytes(before)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a JSON value."""
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, entry in entries:
        yield from places(entry, (*path, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    made = copy.copy(value)
    made[path[0]] = changed(made[path[0]], path[1:], new)
    return made


@pytest.mark.parametrize(
    ("file", "readers"), [("manifest.json", ("hil", "flash")), ("run/evaluation.json", ("evaluate",))]
)
def test_each_entry_as_something_else(
    build: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, file: str, readers: tuple[str]
) -> None:
    nothing = Detections(Path(), (), None, 1)
    monkeypatch.setattr("wwtool.cli.evaluate.run", lambda *arguments: nothing)  # the model would be compiled every time
    entries, random = json.loads((build / file).read_text()), Random(1)
    entries.pop("profile", None)  # of an installed platform it is not read
    for path in places(entries):
        for value in random.sample(VALUES, 3):
            (build / file).write_text(json.dumps(changed(entries, path, value)))
            for reader in readers:
                is_told(run_here(capsys, *commands(build)[reader]), (path, value, reader))
