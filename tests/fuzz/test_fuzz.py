"""Mutants of models: each compiles or is refused in one sentence, in little time and memory; what compiles is right."""

from __future__ import annotations

import pytest
from fuzz import COMPILED, REFUSED, compiled, differences, failures, outcomes
from mutants import mutant
from seeds import seeds

FEW, MANY = 400, 20_000


def test_a_mutant_is_the_same_every_time() -> None:
    assert [mutant(number) for number in range(20)] == [mutant(number) for number in range(20)]
    assert len({mutant(number) for number in range(200)}) > 160


def test_the_seeds_compile() -> None:
    for number, content in enumerate(seeds()):
        compiled(content, number)


def test_few() -> None:
    assert failures(range(FEW)) == []


def test_mutants_are_of_either_kind() -> None:
    found = [outcome for _, outcome in outcomes(range(100))]
    assert found.count(COMPILED) > 10
    assert found.count(REFUSED) > 40


def test_few_that_compile_are_right() -> None:
    ran, wrong = differences(range(FEW, 2 * FEW), 4)
    assert wrong == []
    assert ran == 4


@pytest.mark.slow
def test_many() -> None:
    assert failures(range(MANY)) == []


@pytest.mark.slow
def test_many_that_compile_are_right() -> None:
    ran, wrong = differences(range(MANY, MANY + 2000), 80)
    assert wrong == []
    assert ran == 80
