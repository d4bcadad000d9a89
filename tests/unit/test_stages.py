"""When a stage is run again, and when it is not."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from wwtool import events
from wwtool.base.files import hash_of
from wwtool.errors import InputError
from wwtool.pipeline.stages import Outcome, Stages, refuse_strangers


class Log:
    """Remembers what a person would see."""

    def __init__(self) -> None:
        self.lines: list[tuple[Any, ...]] = []

    def __call__(self, event: events.Event) -> None:
        if isinstance(event, events.StageStarted):
            self.lines.append(("begin", event.stage))
        elif isinstance(event, events.StageFinished):
            self.lines.append(("end", event.note, event.cached))


class Workshop:
    """A folder with one stage that counts how often it works."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log, self.worked = folder, Log(), 0
        self.output = folder / "deep" / "result.bin"

    def work(self) -> Outcome:
        self.worked += 1
        self.output.parent.mkdir(exist_ok=True)
        self.output.write_bytes(b"result")
        return Outcome("done", {"n": 3, "list": [1, 2]}, (self.output,))

    def run(self, *inputs: Any, stage: str = "make") -> dict[str, Any]:
        return Stages(self.folder, self.log).run(stage, "Makes", list(inputs), self.work)

    @property
    def record(self) -> Path:
        return self.folder / "stages.json"


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    made = Workshop(tmp_path)
    assert made.run("input", 1) == {"n": 3, "list": [1, 2]}
    return made


def test_a_stage_that_is_done_is_not_run_again(shop: Workshop) -> None:
    assert shop.run("input", 1) == {"n": 3, "list": [1, 2]}
    assert shop.worked == 1
    assert shop.log.lines == [("begin", "make"), ("end", "done", False), ("begin", "make"), ("end", "done", True)]


@pytest.mark.parametrize(
    "inputs", [("input", 2), ("other", 1), ("input",), ("input", 1, None), (1, "input"), ("input", "1")]
)
def test_other_inputs(shop: Workshop, inputs: tuple[Any, ...]) -> None:
    shop.run(*inputs)
    assert shop.worked == 2


def test_the_order_of_keys_is_no_change(shop: Workshop) -> None:
    shop.run({"a": 1, "b": 2})
    shop.run({"b": 2, "a": 1})
    assert shop.worked == 2


def test_an_altered_output(shop: Workshop) -> None:
    shop.output.write_bytes(b"resulT")
    shop.run("input", 1)
    assert shop.worked == 2
    assert shop.output.read_bytes() == b"result"


def test_a_missing_output(shop: Workshop) -> None:
    shop.output.unlink()
    shop.run("input", 1)
    assert shop.worked == 2


def test_an_output_that_was_only_touched(shop: Workshop) -> None:
    shop.output.write_bytes(shop.output.read_bytes())
    shop.run("input", 1)
    assert shop.worked == 1


def test_an_altered_output_is_gone_before_the_stage_works(shop: Workshop) -> None:
    shop.output.write_bytes(b"wrong")
    seen: list[bool] = []

    def work() -> Outcome:
        seen.append(shop.output.exists())
        return shop.work()

    Stages(shop.folder, Log()).run("make", "Makes", ["input", 1], work)
    assert seen == [False]


@pytest.mark.parametrize("content", ["", "not json", "[]", "null", '{"make": 3}', '{"make": {"key": "x"}}', "\udcff"])
def test_a_damaged_record_means_working_again(shop: Workshop, content: str) -> None:
    shop.record.write_bytes(content.encode("utf-8", "surrogateescape"))
    assert shop.run("input", 1)["n"] == 3
    assert shop.worked == 2
    assert set(json.loads(shop.record.read_text())) == {"make"}


def test_stages_are_remembered_side_by_side(shop: Workshop) -> None:
    shop.run("input", 1, stage="other")
    shop.run("input", 1)
    shop.run("input", 1, stage="other")
    assert shop.worked == 2


def test_a_stage_that_fails_is_not_remembered_and_forgets_nothing(shop: Workshop) -> None:
    def fail() -> Outcome:
        raise RuntimeError("no")

    before = shop.record.read_text()
    with pytest.raises(RuntimeError):
        Stages(shop.folder, Log()).run("make", "Makes", ["new input"], fail)
    assert shop.record.read_text() == before
    shop.run("input", 1)
    assert shop.worked == 1


def test_the_folder_can_be_moved(shop: Workshop, tmp_path: Path) -> None:
    moved = tmp_path.with_name(tmp_path.name + "-moved")
    tmp_path.rename(moved)
    other = Workshop(moved)
    other.run("input", 1)
    assert other.worked == 0


# Records that somebody else has written


def forge(shop: Workshop, **changes: Any) -> None:
    records = json.loads(shop.record.read_text())
    made = {**records["make"], **changes}
    digest = hash_of("make", {name: made[name] for name in ("key", "note", "facts", "outputs")})
    shop.record.write_text(json.dumps({**records, "make": {**made, "digest": digest}}))


@pytest.mark.parametrize(
    "changes", [{"facts": {"n": 4}}, {"facts": []}, {"note": None}, {"outputs": {}}, {"outputs": []}, {"digest": None}]
)
def test_a_damaged_record_is_not_believed(shop: Workshop, changes: dict[str, Any]) -> None:
    records = json.loads(shop.record.read_text())
    shop.record.write_text(json.dumps({**records, "make": {**records["make"], **changes}}))
    assert shop.run("input", 1) == {"n": 3, "list": [1, 2]}
    assert shop.worked == 2


@pytest.mark.parametrize("content", ["", "[" * 100_000, "[]", '{"make": []}', '{"make": {"key": NaN}}', "null"])
def test_no_record_at_all(shop: Workshop, content: str) -> None:
    shop.record.write_text(content)
    assert shop.run("input", 1) == {"n": 3, "list": [1, 2]}
    assert shop.worked == 2


@pytest.fixture
def victim(shop: Workshop, tmp_path: Path) -> Path:
    path = tmp_path.with_name(tmp_path.name + "-victim")
    path.mkdir()
    (path / "file").write_text("mine")
    (shop.folder / "out").symlink_to(path)
    (shop.folder / "link").symlink_to(path / "file")
    return path


@pytest.mark.parametrize("name", ["../{}/file", "/{}", "deep/../../{}/file", "out/file", "link", "out", "..", "a\0b"])
def test_outputs_elsewhere_are_neither_read_nor_removed(shop: Workshop, victim: Path, name: str) -> None:
    forge(shop, outputs={name.format(victim.name): "0" * 64})
    shop.run("input", 1)
    assert shop.worked == 2
    assert [path.name for path in victim.iterdir()] == ["file"]
    assert (victim / "file").read_text() == "mine"


@pytest.mark.parametrize("name", ["notes.txt", "deep/result.bin"])
def test_a_record_of_somebody_else_removes_nothing(shop: Workshop, name: str) -> None:
    (shop.folder / "notes.txt").write_text("mine")
    forge(shop, outputs={name: "0" * 64})
    with pytest.raises(InputError, match="which this user did not write; remove the file"):
        shop.run("input", 1)
    assert (shop.folder / name).exists()
    assert shop.worked == 1


def test_a_folder_as_an_output_is_not_removed(shop: Workshop) -> None:
    (shop.folder / "deep" / "more").mkdir()
    forge(shop, outputs={"deep/more": "0" * 64})
    with pytest.raises(InputError, match="remove"):
        shop.run("input", 1)
    assert (shop.folder / "deep" / "more").is_dir()


def test_where_outputs_are_programs_somebody_elses_record_is_not_believed(shop: Workshop) -> None:
    def run(sealed_only: bool) -> None:
        Stages(shop.folder, Log()).run("make", "Makes", ["input", 1], shop.work, sealed_only)

    run(sealed_only=True)
    assert shop.worked == 1
    shop.output.write_bytes(b"theirs")
    forge(shop, outputs={"deep/result.bin": hashlib.sha256(b"theirs").hexdigest()})
    run(sealed_only=False)
    assert shop.worked == 1
    run(sealed_only=True)
    assert shop.worked == 2
    assert shop.output.read_bytes() == b"result"


def test_outputs_outside_the_stages_own_folder_are_left_to_whoever_writes_them(tmp_path: Path) -> None:
    made = tmp_path / "firmware" / "main.c"
    seen: list[str] = []

    def work() -> Outcome:
        made.parent.mkdir(exist_ok=True)
        seen.append(made.read_text() if made.exists() else "none")
        made.write_text("ours")
        return Outcome("done", {}, (made,))

    for _ in range(2):
        Stages(tmp_path / "run", Log(), root=tmp_path).run("make", "Makes", [], work)
    made.write_text("edited")
    Stages(tmp_path / "run", Log(), root=tmp_path).run("make", "Makes", [], work)
    assert seen == ["none", "edited"]


def test_a_record_that_is_a_pipe_is_not_read(shop: Workshop) -> None:
    shop.record.unlink()
    os.mkfifo(shop.record)
    with pytest.raises((InputError, OSError, RuntimeError)):
        Stages(shop.folder, Log()).run("make", "Makes", ["input", 1], lambda: _fail())


def _fail() -> Outcome:
    raise RuntimeError("worked")


def test_a_stage_that_leaves_nothing_leaves_no_record(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        Stages(tmp_path / "a" / "run", Log()).run("make", "Makes", [], _fail)
    assert list(tmp_path.iterdir()) == []

    def half() -> Outcome:
        (tmp_path / "run" / "half").write_text("")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Stages(tmp_path / "run", Log()).run("make", "Makes", [], half)
    refuse_strangers(tmp_path / "run", ["half"])


@pytest.mark.parametrize("make", ["file", "folder", "link", "pipe"])
def test_a_folder_that_was_not_wwtools(tmp_path: Path, make: str) -> None:
    refuse_strangers(tmp_path, ["model.tflite", "pools"])
    (tmp_path / "pools").mkdir()
    refuse_strangers(tmp_path, ["model.tflite", "pools"])
    if make == "file":
        (tmp_path / "model.tflite").write_text("mine")
    elif make == "folder":
        (tmp_path / "pools" / "mine.npz").write_text("mine")
    elif make == "link":
        (tmp_path / "model.tflite").symlink_to("nowhere")
    else:
        os.mkfifo(tmp_path / "model.tflite")
    with pytest.raises(InputError, match="was not made by wwtool; choose another folder"):
        refuse_strangers(tmp_path, ["model.tflite", "pools"])


def test_the_share_of_time_of_each_stage_that_ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[events.Event] = []
    now = iter([0.0, 1.0, 1.0, 4.0, 4.0, 4.0])  # data takes 1 s, train 3 s; then data is done already
    monkeypatch.setattr("wwtool.pipeline.stages.time.monotonic", lambda: next(now))
    stages = Stages(tmp_path, seen.append)
    for name in ("data", "train", "data"):
        stages.run(name, name, [name], lambda: Outcome("", {}, ()))
    stages.report_times()
    shares = {event.stage: event.value for event in seen if isinstance(event, events.Metric)}
    assert shares == {"data": 0.25, "train": 0.75}
    assert [event.text for event in seen if isinstance(event, events.Note)] == ["4 s: train 75%, data 25%"]
    seen.clear()
    Stages(tmp_path, seen.append).report_times()
    assert not seen  # nothing ran
