"""Recurrent operators for test models. Not a test."""

from __future__ import annotations

from typing import Any

import numpy as np
from graphs import RELU, Net

from wwtool.models.quantized import Scale


def noise(random: np.random.Generator, shape: tuple[int, ...], most: int, dtype: Any) -> np.ndarray:
    return random.integers(-most, most + 1, shape).astype(dtype)


def svdf(
    net: Net, x: int, units: int, rank: int = 1, memory: int = 4, most: int = 2000, most_bias: int | None = 999,
    seed: int = 0, state_scale: float = 0.001, time_scale: float = 1e-4, output: Scale | None = None,
    options: dict[str, int] | None = None, **changes: int,
) -> int:  # fmt: skip
    """SVDF of random weights; ``changes`` are tensors put in place of those that are made here."""
    random, inputs = np.random.default_rng(seed), net.shapes[x][1]
    y = net.tensor((1, units), output or Scale(0.1, -128))
    bias = -1
    if most_bias is not None:
        bias = net.constant(noise(random, (units,), most_bias, np.int32), state_scale * time_scale)
    tensors = {
        "x": x,
        "feature": net.constant(noise(random, (units * rank, inputs), 127, np.int8), 0.01),
        "time": net.constant(noise(random, (units * rank, memory), most, np.int16), time_scale),
        "bias": bias,
        "state": net.main.state(f"state{y}", (1, units * rank * memory), Scale(state_scale, 0), "int16"),
    }
    made = {"rank": rank, "fusedActivationFunction": RELU} | (options or {})
    net.main.operator("SVDF", list((tensors | changes).values()), [y], "SVDFOptions", **made)
    return y
