"""When a stage is run again, and when it is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wwtool.pipeline.stages import Outcome, Silent, Stages


class Log(Silent):
    """Remembers what a person would see."""

    def __init__(self) -> None:
        self.lines: list[tuple[Any, ...]] = []

    def begin(self, stage: str, title: str) -> None:
        self.lines.append(("begin", stage))

    def end(self, note: str, cached: bool = False) -> None:
        self.lines.append(("end", note, cached))


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
