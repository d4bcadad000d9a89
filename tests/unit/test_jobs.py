"""Jobs without a command line: what is refused before work, which events come in which order, what comes back."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rude_boards as rude
import torch
from pydantic import ValidationError
from rude_boards import Line, plugged

from wwtool import emulators, events
from wwtool.base.cancellation import Cancellation
from wwtool.budget.dry_build import dry_build
from wwtool.budget.result import DryBuild
from wwtool.data.audio import write_audio
from wwtool.device.session import DeviceInfo
from wwtool.device.suites import SuiteResult
from wwtool.errors import CancelledError, DeviceError, InputError, UsageError, WwtoolError
from wwtool.evaluation.assess import Evaluation
from wwtool.export.tflite import to_tflite
from wwtool.jobs import (
    bringup,
    budget,
    build,
    compare,
    compile,
    data_sets,
    emulate,
    evaluate,
    export,
    flash,
    hil,
    mine,
    models,
    train,
    voices,
)
from wwtool.jobs.event_log import EventLog, read_events
from wwtool.jobs.request import Request
from wwtool.models.network import Network
from wwtool.models.zoo import ZOO
from wwtool.training.qat import QatNet

REQUESTS: dict[str, type[Request]] = {
    "budget": budget.BudgetRequest,
    "build": build.BuildRequest,
    "compare": compare.CompareRequest,
    "compile": compile.CompileRequest,
    "data_sets": data_sets.DataSetsRequest,
    "emulate": emulate.EmulateRequest,
    "evaluate": evaluate.EvaluateRequest,
    "export": export.ExportRequest,
    "flash": flash.FlashRequest,
    "bringup": bringup.BringupRequest,
    "hil": hil.HilRequest,
    "mine": mine.MineRequest,
    "models": models.ModelsRequest,
    "train": train.TrainRequest,
    "voices": voices.VoicesRequest,
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the zoo's smallest shape with random weights."""
    torch.manual_seed(0)
    net = QatNet(Network(ZOO["tcn32"]).eval(), 0.0)
    net.calibrate(torch.rand((4, ZOO["tcn32"].receptive_frames + 30, 40)) * 26.0)
    path = tmp_path_factory.mktemp("model") / "random.tflite"
    path.write_bytes(to_tflite(net.quantized(), "test")[0])
    return path


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    generator = np.random.default_rng(0)
    rows = ["path,label,split"]
    for number in range(14):
        label = "negative" if number in (1, 3) else "positive"
        write_audio(folder / f"{number}.wav", generator.integers(-9000, 9000, 16000).astype(np.int16))
        rows.append(f"{number}.wav,{label},{('train', 'dev')[number % 2]}")
    (folder / "index.csv").write_text("\n".join(rows))
    return folder


class Recorder:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.events: list[events.Event] = []

    def __call__(self, event: events.Event) -> None:
        self.events.append(event)

    def of(self, kind: type[events.Event]) -> list[Any]:
        return [event for event in self.events if type(event) is kind]


# Requests and plans


@pytest.mark.parametrize("job", REQUESTS)
def test_every_job_has_the_same_form(job: str) -> None:
    module = importlib.import_module(f"wwtool.jobs.{job}")
    assert callable(module.plan) and callable(module.run)
    fields = REQUESTS[job].model_fields
    assert [name for name, field in fields.items() if not field.description] == []
    assert REQUESTS[job].model_config["extra"] == "forbid" and REQUESTS[job].model_config["frozen"]


def test_a_request_of_something_else() -> None:
    with pytest.raises(ValidationError, match="tea"):
        budget.BudgetRequest(platform="pico", tea=True)  # type: ignore[call-arg]


PICO: dict[str, Any] = {"platform": "pico"}
TRAINING: dict[str, Any] = {**PICO, "phrase": "hey computer"}


@pytest.mark.parametrize(
    ("job", "values", "error", "message"),
    [
        ("build", {**TRAINING, "platform": "toaster"}, UsageError, "toaster"),
        ("build", PICO, UsageError, "no wake word is given; use --phrase"),
        ("build", {**TRAINING, "framework": "teapot"}, UsageError, "cannot build a project for 'teapot'"),
        ("build", {**TRAINING, "board": "x"}, UsageError, "pico is one board, with fixed pins"),
        ("build", {**TRAINING, "platform": "esp32s3", "board": "x"}, UsageError, "has no board 'x'"),
        ("build", {**TRAINING, "model": "res32", "search": 2}, UsageError, "leave one of them out"),
        ("build", {**TRAINING, "model": "resnet"}, InputError, "model: must be 'auto' or one of"),
        ("build", {**TRAINING, "synthesise": False}, UsageError, "nothing to train on without recordings"),
        ("build", {**TRAINING, "data": Path("nowhere")}, InputError, "nowhere"),
        ("build", {**TRAINING, "language": "xx"}, InputError, "xx"),
        ("build", {**PICO, "phrase": "x" * 1000}, InputError, "the phrase has 1000 characters"),
        ("train", {**PICO, "out": Path("out")}, UsageError, "no wake word is given"),
        ("train", {**TRAINING, "out": Path("out"), "config": Path("none.yaml")}, InputError, "cannot read none.yaml"),
        ("budget", {"platform": "toaster"}, UsageError, "toaster"),
        ("budget", {**PICO, "model": "resnet"}, UsageError, "there is no model 'resnet'"),
        ("budget", {**PICO, "framework": "esphome"}, UsageError, "esphome"),
        ("compile", {"model": Path("none.tflite"), "out": Path("out")}, InputError, "none.tflite"),
        ("evaluate", {"subject": Path()}, InputError, "holds no model.tflite"),
        ("emulate", {"build": Path(), "audio": Path("none.raw")}, InputError, "none.raw does not exist"),
        ("flash", {"build": Path()}, InputError, "manifest"),
        ("hil", {"port": "x", "suites": ("tea",)}, UsageError, "there is no suite 'tea'"),
        ("hil", {"port": "x", "suites": ()}, UsageError, "there are parity, stream"),
        ("hil", {"port": "x", "suites": ("parity", "latency")}, UsageError, "the suites parity need --build"),
        ("hil", {"port": "x", "build": Path()}, InputError, "manifest"),
    ],
)
def test_a_plan_refuses_what_cannot_be_done_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, job: str, values: dict[str, Any], error: type, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        importlib.import_module(f"wwtool.jobs.{job}").plan(REQUESTS[job](**values))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "nothing to evaluate on; give --data DIR"),
        ({"wav": Path("a.wav")}, "the detector is not known; give --threshold"),
        ({"data": Path("x"), "sentence_hours": 0.1}, "--sentences needs --phrase"),
    ],
)
def test_an_evaluation_that_lacks_something(model: Path, values: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        evaluate.plan(evaluate.EvaluateRequest(subject=model, **values))


def test_nothing_is_usual_for_a_model_whose_recipe_is_not_known(model: Path, recordings: Path) -> None:
    plan = evaluate.plan(evaluate.EvaluateRequest(subject=model, data=recordings))
    assert plan.detector is None
    assert plan.config.evaluate.usual_weight == 0.0


def test_a_training_is_planned_as_it_is_requested(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("phrase: hey you\nsynth: {seed: 7}\ntrain: {steps: 100}\n")
    request = train.TrainRequest(
        platform="pico", out=tmp_path / "run", config=tmp_path / "c.yaml", quick=True, seed=3, search=2, language="de",
        phrase="Guten Tag",
    )  # fmt: skip
    plan = train.plan(request)
    config = plan.run.config
    assert plan.run.phrase == config.phrase == "guten tag"
    assert (config.select.search, config.synth.language) == (2, "de")
    assert (config.train.seed, config.synth.seed) == (3, 3)
    assert config.train.steps == 300  # --quick wins over the file
    assert list(tmp_path.iterdir()) == [tmp_path / "c.yaml"]


def test_settings_win_over_the_file_and_fields_over_settings(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("phrase: hey you\ntrain: {steps: 100, batch: 32}\n")
    settings: dict[str, Any] = {"train": {"steps": 200, "seed": 1}, "detector": {"average_window": 3}}
    request = train.TrainRequest(
        platform="pico", out=tmp_path / "run", config=tmp_path / "c.yaml", settings=settings, seed=9
    )
    config = train.plan(request).run.config
    assert (config.train.steps, config.train.batch, config.train.seed, config.detector.average_window) == (
        200, 32, 9, 3,
    )  # fmt: skip
    assert settings["train"] == {"steps": 200, "seed": 1}
    wrong = request.model_copy(update={"settings": {"train": {"stpes": 3}}})
    with pytest.raises(InputError, match="stpes is not a known key"):
        train.plan(wrong)


def test_a_build_goes_where_its_platform_and_phrase_say(tmp_path: Path) -> None:
    plan = build.plan(build.BuildRequest(platform="host", phrase="Hey Computer!"))
    assert plan.folder == Path("wwtool-build/host-hey_computer")
    assert not plan.target.overwrite


# Runs


def test_a_compilation(model: Path, tmp_path: Path) -> None:
    heard = Recorder()
    request = compile.CompileRequest(model=model, out=tmp_path / "c", measure=False, prefix="hey")
    result = compile.run(compile.plan(request), heard)
    assert result.folder == tmp_path / "c"
    assert (tmp_path / "c" / "report.html").is_file()
    assert result.as_dict()["target"] == "host"
    assert [type(event) for event in heard.events] == [events.JobStarted, events.JobFinished]
    assert heard.events[0] == events.JobStarted("compile", model.name)
    assert heard.of(events.JobFinished)[0].outcome == "done"


def test_a_cancelled_compilation_writes_nothing(model: Path, tmp_path: Path) -> None:
    heard, cancel = Recorder(), Cancellation()
    cancel.cancel()
    with pytest.raises(CancelledError):
        compile.run(compile.plan(compile.CompileRequest(model=model, out=tmp_path / "c")), heard, cancel)
    assert not (tmp_path / "c").exists()
    assert heard.of(events.JobFinished)[0].outcome == "cancelled"


def test_an_evaluation(model: Path, recordings: Path, tmp_path: Path) -> None:
    request = evaluate.EvaluateRequest(subject=model, data=recordings, threshold=200)
    heard = Recorder()
    with EventLog(tmp_path / "log") as log:
        result = evaluate.run(evaluate.plan(request), events.broadcast(heard, log))
    assert isinstance(result, evaluate.EvaluateResult)
    assert isinstance(result.evaluation, Evaluation)
    assert result.evaluation.detector.on_threshold == 200
    assert result.as_dict()["positives"] == 5
    kinds = list(dict.fromkeys(type(event) for event in heard.events))
    assert kinds == [events.JobStarted, events.StageProgress, events.Metric, events.JobFinished]
    metrics = {metric.name: metric.value for metric in heard.of(events.Metric)}
    assert metrics["recall clean"] == result.evaluation.point.recall["clean"]
    assert metrics["equal error rate"] == result.evaluation.equal_error_rate
    assert [entry.event for entry in read_events(tmp_path / "log")] == heard.events


class Impatient(Cancellation):
    """A token that is cancelled at a check: the one after ``checks`` others."""

    def __init__(self, checks: int) -> None:
        super().__init__()
        self.checks = checks

    def check(self) -> None:
        if self.checks == 0:
            self.cancel()
        self.checks -= 1
        super().check()


def test_an_evaluation_is_cancelled_at_any_time(model: Path, recordings: Path) -> None:
    plan = evaluate.plan(evaluate.EvaluateRequest(subject=model, data=recordings))
    patient = Impatient(-1)
    evaluate.run(plan, cancel=patient)
    checks = -1 - patient.checks
    assert checks > 255 + 2 * 5  # every threshold, and every positive in both conditions
    for moment in (checks - 1, checks - 200, 20):
        with pytest.raises(CancelledError):
            evaluate.run(plan, cancel=Impatient(moment))


def test_an_evaluation_on_nothing(model: Path, recordings: Path) -> None:
    request = evaluate.EvaluateRequest(subject=model, data=recordings, split="test")
    heard = Recorder()
    with pytest.raises(InputError, match="no positive recordings in the split 'test'"):
        evaluate.run(evaluate.plan(request), heard)
    finished = heard.events[-1]
    assert isinstance(finished, events.JobFinished)
    assert finished.outcome == "failed" and "no positive recordings" in finished.message


def test_the_detections_of_a_recording(model: Path, recordings: Path) -> None:
    request = evaluate.EvaluateRequest(subject=model, wav=recordings / "0.wav", threshold=1)
    result = evaluate.run(evaluate.plan(request))
    assert isinstance(result, evaluate.Detections)
    assert result.seconds == tuple(hit.frame / 100 for hit in result.detections)
    assert set(result.as_dict()) == {"wav", "detections", "highest", "threshold", "hop_ms"}
    assert result.threshold == 1
    assert bool(result.detections) == (result.highest is not None and result.highest >= 1)


def dry_builds(monkeypatch: pytest.MonkeyPatch, fits: Callable[[str], bool]) -> None:
    """Replaces dry builds by ones that take no time."""

    def fake(platform: Any, name: str, phrase: str, limits: Any, *others: Any) -> DryBuild:
        if not fits(name):
            limits = limits.model_copy(update={"flash_bytes": 1})
        return dry_build(platform, "tcn32", phrase, limits, *others)

    monkeypatch.setattr(budget, "dry_build", fake)
    monkeypatch.setattr(budget, "what_would_fit", lambda *_: "buy a larger chip")


def test_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    dry_builds(monkeypatch, lambda name: name.startswith("tcn"))
    heard = Recorder()
    result = budget.run(budget.plan(budget.BudgetRequest(platform="host")), heard)
    assert [build.fits for build in result.models] == [True] * 3 + [False] * 3
    assert result.over is result.models[3] and result.remedy is None and result.refusal is None
    assert [event.value for event in heard.of(events.PartialResult)] == list(result.models)
    assert result.as_dict()["models"] == [model.as_dict() for model in result.models]


def test_a_budget_that_nothing_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    dry_builds(monkeypatch, lambda name: False)
    result = budget.run(budget.plan(budget.BudgetRequest(platform="host", model="tcn32")))
    assert result.remedy == "buy a larger chip"
    assert isinstance(result.refusal, WwtoolError) and "buy a larger chip" in str(result.refusal)


def test_a_budget_is_cancelled_between_models(monkeypatch: pytest.MonkeyPatch) -> None:
    dry_builds(monkeypatch, lambda name: True)
    cancel, heard = Cancellation(), Recorder()

    def listener(event: events.Event) -> None:
        heard(event)
        if isinstance(event, events.PartialResult):
            cancel.cancel()

    with pytest.raises(CancelledError):
        budget.run(budget.plan(budget.BudgetRequest(platform="host")), listener, cancel)
    assert len(heard.of(events.PartialResult)) == 1


def test_a_board_is_tested() -> None:
    heard = Recorder()
    request = hil.HilRequest(port=rude.URL, suites=("memory", "latency"))
    with plugged(Line):
        result = hil.run(hil.plan(request), heard)
    assert [suite.suite for suite in result.suites] == ["memory", "latency"]
    device, *suites = heard.of(events.PartialResult)
    assert isinstance(device.value, DeviceInfo)
    assert [suite.value for suite in suites] == list(result.suites)
    assert all(isinstance(suite.value, SuiteResult) for suite in suites)
    assert [event.stage for event in heard.of(events.StageStarted)] == ["memory", "latency"]
    assert [event.stage for event in heard.of(events.StageFinished)] == ["memory", "latency"]
    assert "latency" in result.json() and "testsuite" in result.junit()


def test_a_test_of_a_board_is_cancelled_between_suites() -> None:
    cancel, heard = Cancellation(), Recorder()

    def listener(event: events.Event) -> None:
        heard(event)
        if isinstance(event, events.StageFinished):
            cancel.cancel()

    with plugged(Line), pytest.raises(CancelledError):
        hil.run(hil.plan(hil.HilRequest(port=rude.URL, suites=("memory", "latency"))), listener, cancel)
    assert [event.stage for event in heard.of(events.StageStarted)] == ["memory"]


class FakeBoard:
    """An emulator that runs until it is closed, or ends with a fault."""

    url = "socket://127.0.0.1:1"

    def __init__(self, fault: str = "") -> None:
        self.fault, self.closed = fault, threading.Event()
        if fault:
            self.closed.set()

    def wait(self) -> None:
        self.closed.wait(60)

    def check(self) -> None:
        if self.fault:
            raise DeviceError(self.fault)

    def __enter__(self) -> FakeBoard:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()


def test_an_emulated_board_is_stopped_from_another_thread(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    board, cancel, heard = FakeBoard(), Cancellation(), Recorder()
    monkeypatch.setattr(emulators, "start", lambda *_, **__: board)

    def listener(event: events.Event) -> None:
        heard(event)
        if isinstance(event, events.PartialResult):
            assert event.value == emulate.Running(board.url)
            threading.Timer(0.05, cancel.cancel).start()

    with pytest.raises(CancelledError):
        emulate.run(emulate.plan(emulate.EmulateRequest(build=tmp_path)), listener, cancel)
    assert board.closed.is_set()
    assert heard.of(events.JobFinished)[0].outcome == "cancelled"


def test_an_emulated_board_whose_program_is_at_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(emulators, "start", lambda *_, **__: FakeBoard("it jumped into nowhere"))
    with pytest.raises(DeviceError, match="nowhere"):
        emulate.run(emulate.plan(emulate.EmulateRequest(build=tmp_path)))


def test_requests_are_of_one_kind() -> None:
    assert all(issubclass(request, Request) for request in REQUESTS.values())
