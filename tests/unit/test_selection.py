"""Which model of the zoo is taken, and what is said of the others."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from wwtool.budget import selection
from wwtool.budget.result import DryBuild, Line
from wwtool.budget.selection import Choice, NothingFitsError, by_table, choose, select
from wwtool.config import BudgetConfig, Config, SelectConfig
from wwtool.errors import BudgetError
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.models.accuracy import AccuracyTable, Measured, accuracy_table
from wwtool.models.zoo import ALL_MODELS, ZOO
from wwtool.platforms.load import load_platform

PICO = load_platform("pico")


def dry(name: str, latency_ms: float, cycles: int | None = None, macs: int = 1, flash: int = 1000) -> Any:
    """What selection reads of a dry build."""
    lines = (Line("flash", flash, 100_000, "B"), Line("latency", latency_ms, 10.0, "ms"))
    return SimpleNamespace(
        model=name, macs=macs, lines=lines, fits=all(line.fits for line in lines), sizes=SimpleNamespace(flash=flash),
        cycles=None if cycles is None else SimpleNamespace(invoke=cycles),
    )  # fmt: skip


def table(**scores: float) -> AccuracyTable:
    models = {name: Measured(score=score, by_word={"a": score, "b": score}) for name, score in scores.items()}
    return AccuracyTable(
        measured="2026-01-01", command="", steps=(1, 1), clips=10, hours=1.0, standard_error=0.02, models=models
    )


BUILDS = {
    "small": dry("small", 2.0, 200),
    "middle": dry("middle", 5.0, 500),
    "large": dry("large", 9.5, 950),
}
TABLE = table(small=0.80, middle=0.90, large=0.95)


def chosen(
    builds: dict[str, Any], scores: AccuracyTable = TABLE, margin: float = 0.1, search: int = 1, tolerance: float = 0.02
) -> Choice:
    return choose(PICO, builds, scores, SelectConfig(margin=margin, search=search, tolerance=tolerance))


def reasons(choice: Choice) -> dict[str, str]:
    return {candidate.model: candidate.reason for candidate in choice.candidates}


def test_the_most_accurate_that_fits() -> None:
    choice = chosen(BUILDS, margin=0.0)
    assert (choice.model, choice.finalists) == ("large", ("large",))
    assert reasons(choice)["large"] == "the most accurate"
    assert reasons(choice)["small"] == "less accurate: 0.800, large 0.950"
    assert reasons(chosen(BUILDS, table(small=0.93, middle=0.90, large=0.95)))["middle"].endswith("which may be chance")
    assert choice.note == "large, the most accurate; 3 of 3 fit"


def test_the_margin_lowers_every_limit() -> None:
    choice = chosen(BUILDS)
    assert choice.model == "middle"
    assert reasons(choice)["large"] == "over budget: latency 9.5 ms of 9.0 (10% of each limit kept free)"
    assert [candidate.fits for candidate in choice.candidates] == [True, True, False]
    assert [candidate.chosen for candidate in choice.candidates] == [False, True, False]
    full = {**BUILDS, "middle": dry("middle", 5.0, 500, flash=90_001)}
    assert chosen(full).model == "small"
    assert "flash 90,001 B of 90,000" in reasons(chosen(full))["middle"]
    assert chosen({**BUILDS, "middle": dry("middle", 9.0, 500, flash=90_000)}).model == "middle"


def test_of_several_as_accurate_the_cheapest() -> None:
    choice = chosen(BUILDS, margin=0.0, tolerance=0.06)
    assert choice.model == "middle"
    assert "as accurate as large" in reasons(choice)["middle"]
    assert "cheapest" in reasons(choice)["middle"]
    assert "as accurate as middle" in reasons(choice)["large"]
    assert "more expensive" in reasons(choice)["large"]
    assert choice.note == "middle, as accurate as large and cheaper; 3 of 3 fit"
    assert chosen(BUILDS, margin=0.0, tolerance=0.04).model == "large"


def test_cycles_decide_what_is_cheap_or_macs_where_not_all_were_counted() -> None:
    tied = table(a=0.9, b=0.9)
    counted = {"a": dry("a", 1.0, 300, macs=10), "b": dry("b", 1.0, 200, macs=20)}
    assert chosen(counted, tied).model == "b"
    assert chosen({**counted, "a": dry("a", 1.0, None, macs=10)}, tied).model == "a"


def test_finalists_are_the_choice_and_the_most_accurate_others() -> None:
    builds = {**BUILDS, "huge": dry("huge", 20.0, 2000)}
    scores = table(small=0.80, middle=0.90, large=0.95, huge=0.99)
    assert chosen(builds, scores, 0.0, 2, 0.06).finalists == ("middle", "large")
    assert chosen(builds, scores, 0.0, 9, 0.06).finalists == ("middle", "large", "small")
    assert chosen(builds, scores, 0.1, 9, 0.06).finalists == ("middle", "small")


def test_a_model_never_measured_is_taken_last() -> None:
    choice = chosen({**BUILDS, "new": dry("new", 1.0, 10)})
    assert choice.model == "middle"
    assert reasons(choice)["new"] == "its accuracy has not been measured"
    assert next(c.score for c in choice.candidates if c.model == "new") is None


def test_nothing_fits() -> None:
    with pytest.raises(NothingFitsError) as caught:
        chosen({"small": dry("small", 12.0), "large": dry("large", 30.0)})
    assert caught.value.result.model == "small"
    assert caught.value.exit_code == 3
    said = str(caught.value)
    assert "with 10% to spare; the nearest is small: latency 12.0 ms of 9.0; raise the budget" in said
    with pytest.raises(NothingFitsError, match=r"lower select\.margin, or force it with --model small"):
        chosen({"small": dry("small", 9.5), "large": dry("large", 30.0)})


def test_a_model_that_cannot_be_linked() -> None:
    error = BudgetError("flash overflowed by 9 bytes")
    choice = chosen({**BUILDS, "large": error})
    assert choice.model == "middle"
    assert reasons(choice)["large"] == "flash overflowed by 9 bytes"
    with pytest.raises(BudgetError, match="overflowed by 9"):
        chosen({"large": error})


def test_select_measures_the_zoo_and_takes_the_config_at_its_word(monkeypatch: pytest.MonkeyPatch) -> None:
    def fake(
        platform: object,
        model: str,
        phrase: str,
        limits: BudgetConfig,
        framework: str,
        front_end: FrontEnd,
        pruned: float,
    ) -> DryBuild:
        assert (phrase, front_end, pruned) == ("hey", DEFAULT_FRONT_END, 0.0)
        if model == "res64":
            raise BudgetError("too large")
        return cast(DryBuild, dry(model, 5.0, ZOO[model].macs * 10, ZOO[model].macs))

    monkeypatch.setattr(selection, "dry_build", fake)
    monkeypatch.setattr(selection, "require_fit", fake)
    heard: list[tuple[int, int]] = []
    free = select(PICO, Config.model_validate({"select": {"search": 3}}), "hey", lambda *done: heard.append(done))
    assert heard == [(n, len(ZOO)) for n in range(1, len(ZOO) + 1)]
    assert free.choice is not None
    assert [candidate.model for candidate in free.choice.candidates] == list(ZOO)
    assert not free.choice.candidates[-1].fits
    assert len(free.finalists) == 3 == len(free.builds)
    assert free.finalists[0] == free.choice.model
    forced = select(PICO, Config(model="tcn32"), "hey", lambda *done: None)
    assert (forced.finalists, forced.choice) == (("tcn32",), None)


def test_without_a_board_the_table_decides() -> None:
    scores = table(tcn32=0.90, tcn48=0.957, res64=0.96)
    assert by_table(Config(), scores) == ("tcn48",)
    assert by_table(Config.model_validate({"select": {"search": 2}}), scores) == ("tcn48", "res64")
    assert by_table(Config(model="tcn32"), scores) == ("tcn32",)


def test_the_table_that_ships_knows_the_whole_zoo() -> None:
    shipped = accuracy_table()
    assert set(ZOO) <= set(shipped.models) <= set(ALL_MODELS)
    assert 0.0 < shipped.standard_error < 0.2
    for measured in shipped.models.values():
        assert 0.5 < measured.score <= 1.0
        assert len(measured.by_word) >= 2
        assert measured.score == pytest.approx(sum(measured.by_word.values()) / len(measured.by_word), abs=2e-4)


def test_the_docs_show_the_table_that_ships() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "choose-a-model.md").read_text()
    shipped = sorted(accuracy_table().models.items(), key=lambda item: -item[1].score)
    rows = [line.split()[:2] for line in page.split("model     score")[1].split("```")[0].splitlines()[1:]]
    assert rows == [[name, f"{measured.score:.3f}"] for name, measured in shipped]
