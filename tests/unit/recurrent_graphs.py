"""Recurrent operators for test models. Not a test."""

from __future__ import annotations

from typing import Any

import numpy as np
from graphs import RELU, Net, float32

from wwtool.models.quantized import Scale


def noise(random: np.random.Generator, shape: tuple[int, ...], most: int, dtype: Any) -> np.ndarray:
    return random.integers(-most, most + 1, shape).astype(dtype)


def svdf(
    net: Net, x: int, units: int, rank: int = 1, memory: int = 4, most: int = 2000, most_bias: int | None = 999,
    seed: int = 0, state_scale: float = 0.001, time_scale: float = 1e-4, output: Scale | None = None,
    options: dict[str, int] | None = None, state_zero_point: int | None = None, **changes: int,
) -> int:  # fmt: skip
    """SVDF of random weights, with an int8 state if that has a zero point.

    ``changes`` are tensors put in place of those that are made here.
    """
    random, inputs = np.random.default_rng(seed), net.shapes[x][1]
    kind, most = ("int16", most) if state_zero_point is None else ("int8", min(most, 127))
    y = net.tensor((1, units), output or Scale(0.1, -128))
    bias = -1
    if most_bias is not None:
        bias = net.constant(noise(random, (units,), most_bias, np.int32), state_scale * time_scale)
    tensors = {
        "x": x,
        "feature": net.constant(noise(random, (units * rank, inputs), 127, np.int8), 0.01),
        "time": net.constant(noise(random, (units * rank, memory), most, kind), time_scale),
        "bias": bias,
        "state": net.main.state(
            f"state{y}", (1, units * rank * memory), Scale(state_scale, state_zero_point or 0), kind
        ),
    }
    made = {"rank": rank, "fusedActivationFunction": RELU} | (options or {})
    net.main.operator("SVDF", list((tensors | changes).values()), [y], "SVDFOptions", **made)
    return y


TANH = 4
GATES = ("input", "forget", "cell", "output")


def lstm(
    net: Net, x: int, cells: int, outputs: int | None = None, seed: int = 0, coupled: bool = False,
    peephole: bool = False, cell_scale: int = -11, weight_scale: float = 0.01, hidden: Scale | None = None,
    output: Scale | None = None, biased: bool = True, options: dict[str, Any] | None = None,
    inputs: int = 24, **changes: int,
) -> int:  # fmt: skip
    """UNIDIRECTIONAL_SEQUENCE_LSTM of random weights, with a projection if ``outputs`` is given.

    ``changes`` are tensors put in place of those that are made here, -1 for none; ``inputs`` is how many are named.
    """
    random = np.random.default_rng(seed)
    *_, depth = net.shapes[x]
    hidden = hidden or Scale(1 / 128, 0)
    output = (output or Scale(1 / 128, 3)) if outputs else hidden
    made = outputs or cells
    y = net.tensor((*net.shapes[x][:-1], made), output)
    tensors: dict[str, int] = {"x": x}

    def weights(name: str, *shape: int, most: int = 127, dtype: Any = np.int8, scale: float = weight_scale) -> None:
        tensors[name] = net.constant(noise(random, shape, most, dtype), float32(scale * random.uniform(0.3, 3)))

    for gate in GATES:
        weights(f"{gate}_weights", cells, depth)
    for gate in GATES:
        weights(f"{gate}_recurrent", cells, made)
    for gate in ("input", "forget", "output"):
        weights(f"{gate}_peephole", cells, most=32767, dtype=np.int16, scale=1 / 32768)
        if not peephole:
            tensors[f"{gate}_peephole"] = -1
    for gate in GATES:
        most = round(2 / (net.scales[x].scale * weight_scale))
        tensors[f"{gate}_bias"] = net.constant(noise(random, (cells,), most, np.int32), 1e-4)
    if coupled:
        tensors |= {f"input_{name}": -1 for name in ("weights", "recurrent", "peephole", "bias")}
    tensors |= {"projection": -1, "projection_bias": -1}
    if outputs:
        weights("projection", outputs, cells, scale=1 / 127 / np.sqrt(cells))
        if biased:
            tensors["projection_bias"] = net.constant(noise(random, (outputs,), 2000, np.int32), 1e-4)
    tensors["state"] = net.main.state(f"state{y}", (1, made), output)
    tensors["cell_state"] = net.main.state(f"cells{y}", (1, cells), Scale(2.0**cell_scale, 0), "int16")
    tensors |= {f"{gate}_norm": -1 for gate in GATES}
    chosen = {"fusedActivationFunction": TANH, "timeMajor": False, "cellClip": 0.0, "projClip": 0.0} | (options or {})
    kind = "UNIDIRECTIONAL_SEQUENCE_LSTM"
    net.main.operator(
        kind, list((tensors | changes).values())[:inputs], [y], "UnidirectionalSequenceLSTMOptions", **chosen
    )
    # As TensorFlow's converter writes them: without elements.
    none = [net.main.activation(f"none{y}{i}", (0,), None, "float32") for i in range(4)]
    net.main.intermediates([*none, net.main.activation(f"hidden{y}", (0,), hidden)])
    return y
