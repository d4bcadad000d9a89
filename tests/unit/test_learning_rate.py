"""The range test: rates rise until the loss does, and the suggestion lies where it falls."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree

import pytest
from test_training import CONFIG, run_of

from wwtool.pipeline.learning_rate import picture
from wwtool.training.loop import losses_at
from wwtool.training.range_test import HIGHEST, LOWEST, evaluated, is_astray, rates


def test_rates_rise_by_the_same_factor() -> None:
    tried = rates(7)
    assert tried == pytest.approx([10.0**power for power in range(-6, 1)])


def test_the_suggestion_is_where_the_loss_falls_fastest() -> None:
    tried = rates(61)  # ten to a decade

    def loss(rate: float) -> float:
        return 1.0 - 0.8 / (1.0 + (2e-3 / rate) ** 3) + (rate / 0.1) ** 2

    suggestion = evaluated(tried, [loss(rate) for rate in tried]).suggestion
    assert 1e-3 < suggestion < 1e-2


def test_losses_that_are_no_numbers_end_the_test() -> None:
    assert is_astray([1.0, math.nan])
    assert is_astray([1.0, 4.1])
    assert not is_astray([1.0, 3.9])
    result = evaluated(rates(10), [1.0, 0.9, math.nan])
    assert len(result.rates) == len(result.losses) == 2
    assert result.suggestion in result.rates


def test_a_network_is_tested_and_nothing_is_left(tmp_path: Path) -> None:
    losses = losses_at(run_of(tmp_path / "run", CONFIG), rates(40))
    result = evaluated(rates(40), losses)
    assert LOWEST <= result.suggestion <= HIGHEST
    assert not (tmp_path / "run").exists()
    ElementTree.fromstring(picture(result, 3e-3))
    assert losses_at(run_of(tmp_path / "run", CONFIG), rates(40)) == losses
