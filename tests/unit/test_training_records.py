"""What remains of a training: curves for trackers, model cards, versions of models."""

from __future__ import annotations

import json
import sys
import threading
import types
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from test_build_page import manifest

from wwtool import events
from wwtool.base.files import write_json
from wwtool.config import Config, parse_config
from wwtool.errors import InputError, UsageError
from wwtool.jobs import models
from wwtool.jobs.settings import read_config
from wwtool.jobs.tracking import TRACKERS, tracked
from wwtool.models.names import architecture_of
from wwtool.models.pretrained import origin
from wwtool.pipeline.model_store import ModelStore
from wwtool.reports.model_card import markdown, model_card, write_card

LOSS = events.Loss("float", 10, 100, 0.5, "tcn32", 3e-3, 1.5)
METRIC = events.Metric("qat", "recall at the budget", 0.75, 20)


def config(*trackers: str) -> Config:
    return parse_config({"train": {"trackers": list(trackers)}}, "test")


def track(folder: Path, *trackers: str) -> list[str]:
    """Tells trackers two events; returns the warnings."""
    told: list[events.Event] = []
    with tracked(folder, "computer", config(*trackers), told.append) as listener:
        for event in (LOSS, METRIC, LOSS):
            listener(event)
    assert [event for event in told if not isinstance(event, events.Warning)] == [LOSS, METRIC, LOSS]
    return [event.text for event in told if isinstance(event, events.Warning)]


def test_tensorboard_has_the_curves(tmp_path: Path) -> None:
    assert track(tmp_path, "tensorboard") == []
    (file,) = (tmp_path / "tensorboard").iterdir()
    content = file.read_bytes()
    for name in (
        b"tcn32/float/loss",
        b"tcn32/float/learning_rate",
        b"tcn32/float/gradient_norm",
        b"recall_at_the_budget",
    ):
        assert name in content


def test_nothing_is_made_before_the_first_figure(tmp_path: Path) -> None:
    with tracked(tmp_path, "computer", config("tensorboard"), events.ignore) as listener:
        listener(events.Note("nothing to draw"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "package", "module"), [
    ("tensorboard", "tensorboardX", "tensorboardX"), ("wandb", "wandb", "wandb"), ("mlflow", "mlflow-skinny", "mlflow"),
])  # fmt: skip
def test_a_tracker_that_is_not_installed_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, package: str, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    (warning,) = track(tmp_path, name)
    assert warning == f"no curves are kept for want of {package}; pip install {package}"


class Wandb(types.ModuleType):
    """Stands for the package: it keeps what it is told."""

    def __init__(self, breaks: bool = False) -> None:
        super().__init__("wandb")
        self.logged: list[Any] = []
        self.breaks = breaks

    def init(self, **settings: Any) -> Wandb:
        self.logged.append(settings["name"])
        return self

    def log(self, figures: dict[str, float]) -> None:
        if self.breaks:
            raise ConnectionError("the server\nis gone")
        self.logged.append(figures)

    def finish(self) -> None:
        self.logged.append("finished")


def test_wandb_hears_the_same_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Wandb()
    monkeypatch.setitem(sys.modules, "wandb", fake)
    assert track(tmp_path, "wandb") == []
    assert fake.logged[0] == "computer"
    assert {"tcn32/float/loss": 0.5, "step": 10} in fake.logged
    assert {"qat/recall_at_the_budget": 0.75, "step": 20} in fake.logged
    assert fake.logged[-1] == "finished"


def test_a_server_that_is_gone_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", Wandb(breaks=True))
    (warning,) = track(tmp_path, "wandb")
    assert warning == "wandb fails, and the training goes on without it: the server is gone"


def test_wandb_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert track(tmp_path, "wandb") == []
    assert list((tmp_path / "wandb").glob("offline-run-*"))


class Server(BaseHTTPRequestHandler):
    """As much of an MLflow server as a client needs; it keeps what it is told."""

    told: ClassVar[list[tuple[str, dict[str, Any]]]] = []

    info: ClassVar[dict[str, str]] = {
        "run_id": "r", "run_uuid": "r", "experiment_id": "1", "status": "RUNNING", "artifact_uri": "a",
    }  # fmt: skip

    def do_GET(self) -> None:
        if "get-by-name" in self.path:
            self._answer(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "there is none"})
        else:
            experiment = {"experiment_id": "1", "name": "wwtool", "lifecycle_stage": "active"}
            self._answer(200, {"run": {"info": self.info, "data": {}}, "experiment": experiment})

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        what = self.path.partition("/mlflow/")[2]
        self.told.append((what, content))
        info = self.info
        answers: dict[str, dict[str, Any]] = {
            "experiments/create": {"experiment_id": "1"},
            "runs/create": {"run": {"info": info, "data": {}}},
        }
        answers["runs/update"] = {"run_info": info}
        self._answer(200, answers.get(what, {}))

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *_: Any) -> None:
        pass


def test_mlflow_at_a_local_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = pytest.importorskip("mlflow")
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        mlflow.set_tracking_uri(address)
        assert track(tmp_path, "mlflow") == []
        server.shutdown()
    metrics = {
        (content["key"], content["value"], content["step"])
        for what, content in Server.told
        if what == "runs/log-metric"
    }
    assert ("tcn32/float/loss", 0.5, 10) in metrics
    assert ("qat/recall_at_the_budget", 0.75, 20) in metrics
    assert Server.told[-1][0] == "runs/update"


def test_an_unknown_tracker_is_named() -> None:
    with pytest.raises(InputError, match=r"train.trackers: 'magic' is not known"):
        read_config(None, {"train": {"trackers": ["magic"]}}, events.ignore)
    assert set(TRACKERS) == {"tensorboard", "wandb", "mlflow"}


def test_a_card_says_what_a_reader_must_know(tmp_path: Path) -> None:
    made = manifest("hey *computer*")
    made["inputs"]["voices"] = [{"name": "kokoro", "licence": "Apache-2.0"}]
    write_card(tmp_path, made)
    text = (tmp_path / "model-card.md").read_text(encoding="utf-8")
    assert text == markdown(model_card(made))
    for part in ("hey \\*computer\\*", "Apache-2.0", "99.3%", "synthetic voices", "## Limits", "sentences"):
        assert part in text
    assert '"wwtool.model_card"' in (tmp_path / "model-card.json").read_text(encoding="utf-8")


def test_a_card_names_the_weights_that_training_began_with() -> None:
    made = manifest("computer")
    assert "began with" not in markdown(model_card(made))
    weights = origin(architecture_of("tcn64"))
    assert weights
    made["inputs"]["pretrained"] = asdict(weights)
    text = markdown(model_card(made))
    for part in ("tcn64.safetensors (Apache-2.0)", "recordings of people", "speech\\_embedding"):
        assert part in text


def test_a_card_shows_no_markup_from_outside() -> None:
    made = manifest("x](javascript:a) | <b> `")
    text = markdown(model_card(made))
    assert "<b>" not in text
    assert "x](" not in text


def run_folder(path: Path, content: bytes) -> Path:
    path.mkdir(parents=True)
    (path / "model.tflite").write_bytes(content)
    detector = {
        "average_window": 5, "votes_needed": 1, "votes_window": 1, "on_threshold": 200, "off_threshold": 140,
        "lockout": 67, "warmup": 33,
    }  # fmt: skip
    curve = [{"threshold": 200, "recall": {"clean": 0.9}, "per_hour": 0.4}]
    write_json(path / "evaluation.json", {"detector": detector, "curve": curve})
    return path


def test_versions_are_added_listed_and_rolled_back(tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "store")
    for number, bump in enumerate(("minor", "patch", "major")):
        source = run_folder(tmp_path / f"run{number}", bytes([number]) * 8)
        store.add("computer", source, bump)  # type: ignore[arg-type]
    known = store.versions()
    assert [(v.version, v.current) for v in known] == [("1.0.0", False), ("1.0.1", False), ("2.0.0", True)]
    assert (known[0].threshold, known[0].recall, known[0].per_hour) == (200, {"clean": 0.9}, 0.4)
    assert store.roll_back("computer", None).version == "1.0.1"
    assert store.roll_back("computer", "1.0.0").version == "1.0.0"
    assert [v.version for v in store.versions("computer") if v.current] == ["1.0.0"]
    assert store.roll_back("computer", None).version == "1.0.1"
    assert (store.path_of("computer", "2.0.0") / "model.tflite").read_bytes() == bytes([2]) * 8


def test_what_is_no_model_or_was_changed_is_refused(tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "store")
    source = run_folder(tmp_path / "run", b"model")
    for name in ("../up", "Com", "", "a/b", ".hidden"):
        with pytest.raises(InputError, match="no name of a model"):
            store.add(name, source, "minor")
    with pytest.raises(InputError, match="has no model 'computer'; it has none"):
        store.versions("computer")
    store.add("computer", source, "minor")
    with pytest.raises(InputError, match="has no version"):
        store.roll_back("computer", "../../run")
    with pytest.raises(InputError, match="no version of computer was in use before"):
        store.roll_back("computer", None)
    (tmp_path / "store/computer/1.0.0/model.tflite").write_bytes(b"other")
    with pytest.raises(InputError, match="has changed since it was added"):
        store.versions()


def test_a_request_that_lacks_something_is_refused() -> None:
    for values, message in (
        ({"action": "add", "name": "x"}, "models add needs"),
        ({"action": "show"}, "needs the name"),
    ):
        with pytest.raises(UsageError, match=message):
            models.plan(models.ModelsRequest(**values))
