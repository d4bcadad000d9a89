"""CAST between all types: C, torch and LiteRT agree."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import Net, assert_engines_agree

from wwtool.engines.litert import LiteRtEngine
from wwtool.engines.native import NativeEngine
from wwtool.engines.torch_engine import TorchEngine
from wwtool.models.quantized import Scale

TYPES = ["int8", "uint8", "int16", "int32", "float32", "bool"]


@pytest.mark.parametrize("source", TYPES)
def test_every_pair_of_types(source: str) -> None:
    """By way of int64, too; what comes out is made an input of another CAST."""
    net = Net((1, 37), Scale(0.5, 0), source)
    outputs = [net.cast(net.input, target) for target in TYPES]
    long = net.cast(net.input, "int64")
    outputs += [net.cast(long, target) for target in TYPES]
    outputs += [net.cast(net.cast(y, "int64"), "int16") for y in outputs[:6]]
    assert_engines_agree(net.pack(*outputs), rows=6)


def test_floats_that_no_integer_holds() -> None:
    """They are cut off at the ends of the range, and NaN is the greatest number; fractions go towards zero."""
    net = Net((1, 24), Scale(0.5, 0), "float32")
    targets = ["int8", "uint8", "int16", "int32", "bool"]
    outputs = [net.cast(net.input, target) for target in targets]
    outputs += [net.cast(net.cast(net.input, "int64"), target) for target in ("float32", "int32")]
    values = [
        1.5, -1.5, 127.9, 128.2, -128.9, -129.5, 255.7, 256.3, -0.5, -0.0, 0.3, 32767.5, 40000.0, -40000.0,
        2147483520.0, 2147483648.0, -2147483648.0, -3e9, 9e18, 9.3e18, -9.4e18, np.inf, -np.inf, np.nan,
    ]  # fmt: skip
    content, rows = net.pack(*outputs), np.asarray([values], np.float32)
    expected = LiteRtEngine(content).run_all(rows)
    with NativeEngine(content) as native:
        for engine in (native, TorchEngine(content)):
            for mine, theirs in zip(engine.run_all(rows), expected, strict=True):
                assert np.array_equal(mine, theirs)
