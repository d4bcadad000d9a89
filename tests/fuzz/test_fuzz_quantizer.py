"""Mutants of float models: each has an INT8 form or is refused in one sentence, before LiteRT runs it."""

from __future__ import annotations

import random
import warnings
from contextlib import suppress
from functools import cache

import pytest
from float_models import DYNAMIC, FLOAT, HALF, as_float
from mutants import mutated
from seeds import seeds

from wwtool.errors import InputError
from wwtool.quantizer.quantize import require_quantizable
from wwtool.quantizer.real_model import read_real_model

FEW, MANY = 200, 5000


@cache
def float_seeds() -> list[bytes]:
    """The seeds as float models, but for those that no INT8 model is made of."""
    result = []
    for content in seeds():
        for weights in (FLOAT, HALF, DYNAMIC):
            with suppress(InputError):
                made = as_float(content, weights)
                require_quantizable(read_real_model(made, "seed"))
                result.append(bytes(made))
    return result


def quantizable(number: int) -> bool:
    dice = random.Random(number)
    content = mutated(dice.choice(float_seeds()), dice)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            require_quantizable(read_real_model(content, "mutant"))
        except InputError as error:
            assert str(error)
            return False
    return True


def test_few() -> None:
    assert len(float_seeds()) > 30
    outcomes = [quantizable(number) for number in range(FEW)]
    assert 20 < sum(outcomes) < FEW - 20


@pytest.mark.slow
def test_many() -> None:
    for number in range(FEW, MANY):
        quantizable(number)
