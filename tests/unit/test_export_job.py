"""``wwtool export``: the formats of both registries, and what is refused before anything is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from wwtool.errors import InputError, UsageError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.export import MODEL_FORMATS
from wwtool.export.tflite import to_tflite
from wwtool.jobs.export import ExportRequest, FilePlan, plan, run
from wwtool.models.network import Network
from wwtool.models.zoo import ZOO
from wwtool.packages import FORMATS
from wwtool.training.qat import QatNet

PLATFORM = "esp32s3"


@pytest.fixture(scope="module")
def tflite() -> bytes:
    torch.manual_seed(0)
    net = QatNet(Network(ZOO["tcn32"]).eval(), 0.0)
    net.calibrate(torch.rand((4, ZOO["tcn32"].receptive_frames + 30, 40)) * 26.0)
    return to_tflite(net.quantized(), "test")[0]


@pytest.fixture
def finished(tmp_path: Path, tflite: bytes) -> Path:
    """A run folder with a model and an evaluation."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "model.tflite").write_bytes(tflite)
    curve = [{"threshold": 240, "recall": {"clean": 0.9}, "per_hour": 0.1}]
    detector = DetectorConfig(on_threshold=240, off_threshold=168).model_dump()
    (folder / "evaluation.json").write_text(json.dumps({"detector": detector, "curve": curve}))
    return folder


def export(*sources: Path, **values: object) -> dict[str, object]:
    request = ExportRequest(sources=sources, **values)
    return run(plan(request)).as_dict()


def test_the_registries_have_no_name_in_common() -> None:
    assert not MODEL_FORMATS.keys() & FORMATS.keys()


@pytest.mark.parametrize("name", ["bare-metal", "esphome"])
def test_a_run_becomes_a_project(finished: Path, tmp_path: Path, name: str) -> None:
    result = export(finished, format=name, platform=PLATFORM, phrase="hey computer", out=tmp_path / "out")
    assert result["format"] == name
    assert {path for path in result["files"] if "/" not in str(path)}  # type: ignore[attr-defined]
    again = export(finished, format=name, platform=PLATFORM, phrase="hey computer", out=tmp_path / "out")
    assert again == result


def test_a_changed_project_is_not_replaced(finished: Path, tmp_path: Path) -> None:
    def once(**more: object) -> None:
        export(finished, format="esphome", platform=PLATFORM, phrase="hey", out=tmp_path / "out", **more)

    once()
    (tmp_path / "out" / "hey.json").write_text("{}")
    with pytest.raises(InputError, match=r"hey.json was changed since wwtool wrote it"):
        once()
    once(overwrite=True)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"format": "lace"}, "there is no format 'lace'; choose one of tflite, onnx, .*bare-metal, esphome"),
        ({"format": "esphome", "platform": PLATFORM}, "does not say its wake word; name it with --phrase"),
        ({"format": "esphome", "phrase": "hey"}, "nothing says which board"),
        ({"format": "esphome", "phrase": "hey", "platform": "pico"}, "pico.yaml does not list esphome"),
    ],
)
def test_what_contradicts_itself_is_refused(finished: Path, values: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plan(ExportRequest.model_validate({"sources": (finished,), **values}))


def test_two_models_need_two_names(finished: Path) -> None:
    with pytest.raises(UsageError, match="leave it out"):
        plan(ExportRequest(sources=(finished, finished), format="esphome", platform=PLATFORM, phrase="hey"))
    with pytest.raises(UsageError, match="export each of them by itself"):
        plan(ExportRequest(sources=(finished, finished)))


def test_a_folder_is_no_place_for_a_file(finished: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder; name a file with -o"):
        plan(ExportRequest(sources=(finished,), out=tmp_path))


def test_a_file_is_made_from_the_run_of_a_build(finished: Path, tmp_path: Path) -> None:
    (finished / "checkpoint.safetensors").touch()
    made = plan(ExportRequest(sources=(tmp_path,), format="onnx"))
    assert isinstance(made, FilePlan)
    assert (made.run, made.target) == (finished, finished / "model.onnx")
    imported = tmp_path / "imported"
    (imported / "run").mkdir(parents=True)
    (imported / "manifest.json").write_text("{}")
    for source in (imported, finished / "model.tflite"):
        with pytest.raises(UsageError, match="has no training run, from which onnx is made; give a run, or a"):
            plan(ExportRequest(sources=(source,), format="onnx"))
