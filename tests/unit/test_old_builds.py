"""Builds of earlier versions can still be flashed, tested, evaluated and shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from wwtool.base.files import sha256_of
from wwtool.export.tflite import to_tflite
from wwtool.firmware.builds import read_build
from wwtool.models.network import Network
from wwtool.models.zoo import ZOO
from wwtool.pipeline.evaluation import find_subject
from wwtool.pipeline.hil import Expectation
from wwtool.platforms.load import platform_of
from wwtool.training.qat import QatNet

OLD = Path(__file__).parent / "old_builds"
MANIFESTS = sorted(path for path in OLD.glob("*/*.json") if path.stem != "evaluation")


@pytest.fixture(scope="module")
def model() -> bytes:
    torch.manual_seed(0)
    net = QatNet(Network(ZOO["tcn32"]).eval(), 0.0)
    net.calibrate(torch.rand((4, ZOO["tcn32"].receptive_frames + 30, 40)) * 26.0)
    return to_tflite(net.quantized(), "test")[0]


@pytest.fixture(params=MANIFESTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def build(request: pytest.FixtureRequest, model: bytes, tmp_path: Path) -> Path:
    """A build folder with an old manifest, and a model in place of the one that it was made with."""
    manifest: dict[str, Any] = json.loads(request.param.read_text())
    (tmp_path / "run").mkdir()
    for name in ("model.tflite", "run/model.tflite"):
        (tmp_path / name).write_bytes(model)
    (tmp_path / "run" / "evaluation.json").write_bytes((request.param.parent / "evaluation.json").read_bytes())
    manifest["model"]["sha256"] = sha256_of(tmp_path / "model.tflite")
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return tmp_path


def test_an_old_manifest_is_read(build: Path) -> None:
    manifest = json.loads((build / "manifest.json").read_text())
    found = read_build(build)
    assert (found.platform.name, found.phrase) == (manifest["platform"], manifest["phrase"])
    assert found.images == manifest["image"]


def test_the_profile_of_a_users_board_in_an_old_manifest_is_read(build: Path) -> None:
    """It takes the place of an installed one, where the platform is the user's."""
    profile = json.loads((build / "manifest.json").read_text())["profile"]
    assert platform_of(profile, "manifest.json").name == profile["name"]


def test_a_board_with_an_old_build_can_be_tested(build: Path) -> None:
    manifest = json.loads((build / "manifest.json").read_text())
    expectation = Expectation.of(build)
    assert expectation.detector.model_dump() == {**manifest["detector"], "silence": 0}
    assert expectation.identity["version"] == "0.1.0"
    assert expectation.identity["arena_bytes"] == manifest["final"]["arena_bytes"]


def test_the_detector_of_an_old_run_is_known(build: Path) -> None:
    detector = find_subject(build).detector
    assert detector is not None
    evaluation = json.loads((build / "run" / "evaluation.json").read_text())
    assert detector.model_dump() == {**evaluation["detector"], "silence": 0}
