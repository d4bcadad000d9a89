"""Where layers fall off the fast path: instructions a multiply-accumulate over a grid of layers.

    python bench/sweep.py [--core cortex-m4] [--only depthwise]

Each line is one layer with random weights and its cost on an emulated core: instructions for a MAC, or for an input
element where the kernel has no MACs. A line far above its neighbours is a cliff.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import numpy as np

from wwtool.compiler.kernels.registry import kernel_of
from wwtool.compiler.package import compile_graph
from wwtool.compiler.targets import Target
from wwtool.engines.machines import emulated
from wwtool.engines.native import count_instructions
from wwtool.engines.random_rows import random_rows
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit"))
from graphs import NONE, RELU, SAME, VALID, Net

CORES: tuple[Target, ...] = ("cortex-m4", "cortex-m0plus", "xtensa")
_OUTPUT = Scale(0.25, -3)
_ROW = "{:<44}" + 3 * "{:>15}"

Case = tuple[str, bytes]
Change = Callable[[np.ndarray, np.ndarray, np.ndarray], object]


@click.command()
@click.option("--core", "cores", multiple=True, default=CORES)
@click.option("--only", default="", help="Layers with this in their names.")
def main(cores: tuple[Target, ...], only: str) -> None:
    print(_ROW.format("layer", *cores, *[""] * (3 - len(cores))))
    for name, content in cases():
        if only in name:
            cells = [measured(content, core) for core in cores]
            print(_ROW.format(name, *cells, *[""] * (3 - len(cores))), flush=True)


def measured(content: bytes, core: Target) -> str:
    """Instructions for each MAC or input, and an asterisk if a portable kernel computes the layer."""
    graph = parse_model(content)
    model = compile_graph(graph, "sweep", core)
    (count,) = count_instructions(model, emulated(core), random_rows(graph, 2))
    work = model.macs or sum(graph.tensor(index).size for index in graph.inputs)
    portable = not any(kernel_of(call.function).replaces for call in model.program.calls)
    return f"{count / work:.2f}{' *' if portable else '  '}"


def cases() -> Iterator[Case]:
    random = np.random.default_rng(0)

    def layer(*shape: int, channels: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        weights = random.integers(-127, 128, shape).astype(np.int8)
        bias = random.integers(-3000, 3001, channels).astype(np.int32)
        return weights, bias, random.uniform(0.003, 0.02, channels).astype(np.float32)

    def plane(height: int, width: int, depth: int, zero_point: int = -5) -> Net:
        return Net((1, height, width, depth), Scale(0.1, zero_point))

    for depth, outputs in ((8, 8), (7, 8), (16, 16), (64, 64), (63, 64), (64, 63), (64, 1), (64, 2), (64, 3)):
        net = plane(8, 8, depth)
        yield (
            f"pointwise {depth} to {outputs}",
            net.pack(net.conv(net.input, *layer(outputs, 1, 1, depth, channels=outputs), _OUTPUT, activation=RELU)),
        )
    for name, change in odd_channels():
        for kernel in (1, 3):
            net = plane(8, 8, 32)
            weights, bias, scale = layer(32, kernel, kernel, 32, channels=32)
            change(weights, bias, scale)
            yield (
                f"conv {kernel}x{kernel} 32 to 32, {name}",
                net.pack(net.conv(net.input, weights, bias, scale, _OUTPUT, padding=SAME)),
            )
        net = plane(8, 8, 32)
        weights, bias, scale = layer(1, 3, 3, 32, channels=32)
        change(weights.transpose(3, 1, 2, 0), bias, scale)
        yield (
            f"depthwise 3x3 32, {name}",
            net.pack(net.conv(net.input, weights, bias, scale, _OUTPUT, padding=SAME, depthwise=True)),
        )
    for window, stride, dilation, depth, outputs in (
        ((3, 3), (1, 1), (1, 1), 3, 8), ((3, 3), (2, 2), (1, 1), 3, 8), ((3, 3), (1, 1), (1, 1), 1, 8),
        ((10, 4), (2, 2), (1, 1), 1, 64), ((1, 5), (1, 1), (1, 2), 16, 16), ((5, 1), (2, 1), (1, 1), 16, 16),
        ((1, 1), (2, 2), (1, 1), 32, 32), ((3, 3), (1, 1), (2, 2), 16, 16), ((3, 3), (1, 1), (1, 1), 16, 1),
    ):  # fmt: skip
        net = plane(12, 12, depth)
        yield (
            f"conv {window} {depth} to {outputs} stride {stride} dilated {dilation}",
            net.pack(
                net.conv(net.input, *layer(outputs, *window, depth, channels=outputs), _OUTPUT, stride, dilation, SAME)
            ),
        )
    for depth in (1, 2, 3, 4, 5, 8, 13, 32):
        for multiplier in (1, 2, 3, 4, 8):
            for window in ((3, 3),) if multiplier > 1 else ((3, 3), (5, 5), (9, 1), (1, 9), (2, 2), (1, 1)):
                made = depth * multiplier
                if depth not in (4, 32) and window != (3, 3):
                    continue
                net = plane(10, 10, depth)
                yield (
                    f"depthwise {window} {depth} times {multiplier}",
                    net.pack(
                        net.conv(
                            net.input, *layer(1, *window, made, channels=made), _OUTPUT, padding=SAME, depthwise=True
                        )
                    ),
                )
    for stride, dilation, padding in (((2, 2), (1, 1), SAME), ((1, 1), (2, 2), SAME), ((1, 1), (1, 1), VALID)):
        net = plane(10, 10, 32)
        yield (
            f"depthwise (3, 3) 32 {stride} {dilation} {'SAME' if padding == SAME else 'VALID'}",
            net.pack(
                net.conv(
                    net.input, *layer(1, 3, 3, 32, channels=32), _OUTPUT, stride, dilation, padding, depthwise=True
                )
            ),
        )
    for rows in (1, 2, 9):
        for inputs, outputs in ((64, 1), (64, 2), (64, 3), (256, 10), (63, 10), (10, 64), (4, 4)):
            net = Net((rows, inputs), Scale(0.1, -5))
            weights, bias, _ = layer(outputs, inputs, channels=outputs)
            yield (
                f"dense {inputs} to {outputs}, {rows} rows",
                net.pack(net.dense(net.input, weights, bias, 0.005, _OUTPUT)),
            )
            if outputs == 10:
                net = Net((rows, inputs), Scale(0.1, -5))
                yield (
                    f"dense {inputs} to {outputs}, {rows} rows, no bias",
                    net.pack(net.dense(net.input, weights, None, 0.005, _OUTPUT)),
                )
    for rows, weight_scale in ((1, 3.0), (9, 3.0), (9, 1e-9)):
        net = Net((rows, 64), Scale(0.1, -5))
        weights, bias, _ = layer(16, 64, channels=16)
        yield (
            f"dense 64 to 16, {rows} rows, weight scale {weight_scale}",
            net.pack(net.dense(net.input, weights, bias, weight_scale, _OUTPUT)),
        )
    yield from elementwise()


def odd_channels() -> Iterator[tuple[str, Change]]:
    """What is done to a few channels of a layer: to their weights, biases and weight scales."""

    def of(name: str, count: int, change: Change) -> tuple[str, Change]:
        def some(weights: np.ndarray, bias: np.ndarray, scale: np.ndarray) -> object:
            part = slice(5, 5 + count)
            return change(weights[part], bias[part], scale[part])

        return f"{count} {name}", some

    def assign(array: np.ndarray, value: float) -> None:
        array[...] = value

    yield "all fit", lambda weights, bias, scale: None
    for count in (1, 8):
        yield of("dead", count, lambda w, b, s: (assign(w, 0), assign(s, 1e-9)))
        yield of("dead, far", count, lambda w, b, s: (assign(w, 0), assign(b, 2**30), assign(s, 1e-9)))
        yield of("shift 0", count, lambda w, b, s: assign(s, 2.0))
        yield of("shift 3", count, lambda w, b, s: assign(s, 16.0))
        yield of("tiny", count, lambda w, b, s: assign(s, 1e-8))
        yield of("tiny, far", count, lambda w, b, s: (assign(s, 1e-8), assign(b, 2**30)))
        yield of("of -128", count, lambda w, b, s: assign(w, -128))


def elementwise() -> Iterator[Case]:
    shapes = ((1, 10, 10, 32), (1, 10, 10, 3), (1, 7, 7, 64))
    for shape in shapes:
        for kind in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
            for kernel, stride in (((2, 2), (2, 2)), ((3, 3), (1, 1)), (shape[1:3], (1, 1))):
                net = Net(shape, Scale(0.1, -5))
                yield (
                    f"{kind.lower()} {shape} {kernel} {stride}",
                    net.pack(net.pool(net.input, kernel, stride, VALID, NONE, kind)),
                )
        for axes in ([1, 2], [1], [3]):
            net = Net(shape, Scale(0.1, -5))
            yield f"mean {shape} over {axes}", net.pack(net.mean(net.input, axes, True, _OUTPUT))
        for kind in ("ADD", "SUB", "MUL", "MAXIMUM", "PRELU"):
            for broadcast in (False, True):
                net = Net(shape, Scale(0.1, -5))
                other_shape = (1, 1, 1, shape[3]) if broadcast else shape
                same = kind == "MAXIMUM"
                other = net.add_input(other_shape, Scale(0.1, -5) if same else Scale(0.07, 11))
                yield (
                    f"{kind.lower()} {shape}{' broadcast' if broadcast else ''}",
                    net.pack(net.binary(kind, net.input, other, Scale(0.1, -5) if same else _OUTPUT)),
                )
        net = Net(shape, Scale(0.1, -5))
        yield f"softmax {shape}", net.pack(net.softmax(net.input))
        net = Net(shape, Scale(0.1, -5))
        yield f"logistic {shape}", net.pack(net.logistic(net.input))
        net = Net(shape, Scale(0.1, -5))
        yield f"quantize {shape}", net.pack(net.quantize(net.input, _OUTPUT))
        net = Net(shape, Scale(0.1, -5))
        yield f"pad {shape}", net.pack(net.pad(net.input, [(0, 0), (1, 1), (1, 1), (0, 0)]))
        net = Net(shape, Scale(0.1, -5))
        yield f"transpose {shape}", net.pack(net.transpose(net.input, [0, 2, 1, 3]))


if __name__ == "__main__":
    main()
