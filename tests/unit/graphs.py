"""Small .tflite graphs for the compiler's tests, and the comparison of all engines on them. Not a test."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.engines.diff import compare
from wwtool.engines.machines import Machine
from wwtool.engines.random_rows import random_rows
from wwtool.export.builder import ModelBuilder
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

SANITIZED = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
SAME, VALID = 0, 1
NONE, RELU, RELU_N1_TO_1, RELU6 = 0, 1, 2, 3


class Model(bytes):
    """A .tflite; a failing test shows its size and not its bytes."""

    def __repr__(self) -> str:
        return f"<model of {len(self)} bytes>"


class Net:
    """A model under construction: main subgraph, initialisation subgraph made on demand, shapes remembered."""

    def __init__(self, shape: tuple[int, ...] = (1, 4), scale: Scale | None = None, dtype: str = "int8") -> None:
        self.builder = ModelBuilder("test")
        self.main, self.initial = self.builder.subgraph("main"), self.builder.subgraph("initial")
        self.shapes: dict[int, tuple[int, ...]] = {}
        self.scales: dict[int, Scale] = {}
        self.types: dict[int, str] = {}
        self.initialised = False
        self.names = 0
        self.inputs: list[int] = []
        self.input = self.add_input(shape, scale or Scale(0.5, -3), dtype)
        self.outputs: list[int] = []

    def add_input(self, shape: tuple[int, ...], scale: Scale, dtype: str = "int8") -> int:
        """One more input of the model."""
        self.inputs.append(self.tensor(shape, scale, dtype))
        return self.inputs[-1]

    def tensor(self, shape: tuple[int, ...], scale: Scale, dtype: str = "int8") -> int:
        self.names += 1
        index = self.main.activation(f"t{self.names}", shape, scale if dtype != "float32" else None, dtype)
        self.shapes[index], self.scales[index], self.types[index] = shape, scale, dtype
        return index

    def constant(self, data: npt.NDArray[Any], scale: Any = None, axis: int = 0, zero_point: int = 0) -> int:
        self.names += 1
        return self.main.constant(f"c{self.names}", data, scale, axis, zero_point)

    def variable(self, name: str, initial: npt.NDArray[Any], scale: Scale, container: str = "") -> int:
        """A handle in the main subgraph; CALL_ONCE sets the variable to ``initial``."""
        if not self.initialised:
            self.main.operator("CALL_ONCE", [], [], "CallOnceOptions", initSubgraphIndex=self.initial.index)
            self.initialised = True
        start = self.initial.constant(f"{name}/start", initial, scale.scale, zero_point=scale.zero_point)
        handle = self.initial.variable(name, container)
        self.initial.operator("ASSIGN_VARIABLE", [handle, start], [], "AssignVariableOptions")
        return self.main.variable(name, container)

    def read(self, handle: int, shape: tuple[int, ...], scale: Scale, dtype: str = "int8") -> int:
        y = self.tensor(shape, scale, dtype)
        self.main.operator("READ_VARIABLE", [handle], [y], "ReadVariableOptions")
        return y

    def assign(self, handle: int, x: int) -> None:
        self.main.operator("ASSIGN_VARIABLE", [handle, x], [], "AssignVariableOptions")

    def op(
        self, kind: str, inputs: list[int], shape: tuple[int, ...], scale: Scale, options_kind: str | None = None,
        dtype: str = "int8", **options: Any,
    ) -> int:  # fmt: skip
        """Any operator of one output."""
        y = self.tensor(shape, scale, dtype)
        self.main.operator(kind, inputs, [y], options_kind, **options)
        return y

    def number(self, data: npt.NDArray[Any], scale: Scale) -> int:
        """A constant operand."""
        self.names += 1
        index = self.main.constant(f"c{self.names}", data, scale.scale, zero_point=scale.zero_point)
        self.shapes[index], self.scales[index], self.types[index] = data.shape, scale, str(data.dtype)
        return index

    def binary(
        self, kind: str, a: int, b: int, scale: Scale, activation: int = NONE, dtype: str = "int8", **more: Any
    ) -> int:  # fmt: skip
        """ADD, SUB, MUL, PRELU, MINIMUM or MAXIMUM."""
        shape = np.broadcast_shapes(self.shapes[a], self.shapes[b])
        if kind in ("PRELU", "MINIMUM", "MAXIMUM"):
            return self.op(kind, [a, b], shape, scale, None if kind == "PRELU" else "MaximumMinimumOptions", dtype)
        options = f"{kind.title()}Options"
        more = {"potScaleInt16": False} | more if kind != "MUL" else more
        return self.op(kind, [a, b], shape, scale, options, dtype, fusedActivationFunction=activation, **more)

    def softmax(self, x: int, beta: float = 1.0, dtype: str = "int8") -> int:
        scale = {"int8": Scale(1 / 256, -128), "int16": Scale(1 / 65536, -32768)}[dtype]
        return self.op("SOFTMAX", [x], self.shapes[x], scale, "SoftmaxOptions", dtype, beta=beta)

    def log_softmax(self, x: int) -> int:
        return self.op("LOG_SOFTMAX", [x], self.shapes[x], Scale(1 / 16, 127), "LogSoftmaxOptions")

    def mean(self, x: int, axes: list[int], keep: bool, scale: Scale) -> int:
        shape = np.empty(self.shapes[x], np.bool_).sum(axis=tuple(axes), keepdims=keep).shape
        inputs = [x, self.constant(np.asarray(axes, np.int32))]
        return self.op("MEAN", inputs, shape, scale, "ReducerOptions", self.types[x], keepDims=keep)

    def concatenate(self, parts: list[int], axis: int) -> int:
        shape = list(self.shapes[parts[0]])
        shape[axis] = sum(self.shapes[p][axis] for p in parts)
        return self.move("CONCATENATION", parts, tuple(shape), parts[0], "ConcatenationOptions", axis=axis)

    def slice(self, x: int, begin: list[int], end: list[int], strides: list[int] | None = None, **masks: int) -> int:
        strides = strides or [1] * len(begin)
        cut = []
        for axis, (b, e, s) in enumerate(zip(begin, end, strides, strict=True)):
            first = None if masks.get("beginMask", 0) >> axis & 1 else b
            after = None if masks.get("endMask", 0) >> axis & 1 else e
            cut.append(slice(first, after, s))
        shape = np.empty(self.shapes[x], np.bool_)[tuple(cut)].shape
        return self.strided(x, begin, end, strides, shape, **masks)

    def strided(
        self, x: int, begin: list[int], end: list[int], strides: list[int], shape: tuple[int, ...], **masks: int
    ) -> int:  # fmt: skip
        """STRIDED_SLICE with masks that give the shape ``shape``."""
        bounds = [self.constant(np.asarray(v, np.int32)) for v in (begin, end, strides)]
        return self.move("STRIDED_SLICE", [x, *bounds], shape, x, "StridedSliceOptions", **masks)

    def move(
        self, kind: str, inputs: list[int], shape: tuple[int, ...], like: int, options_kind: str | None = None,
        **options: Any,
    ) -> int:  # fmt: skip
        """An operator of one output of the type and scale of ``like``."""
        return self.op(kind, inputs, shape, self.scales[like], options_kind, self.types[like], **options)

    def crop(self, x: int, begin: list[int], size: list[int]) -> int:
        shape = tuple(whole - b if n == -1 else n for whole, b, n in zip(self.shapes[x], begin, size, strict=True))
        bounds = [self.constant(np.asarray(v, np.int32)) for v in (begin, size)]
        return self.move("SLICE", [x, *bounds], shape, x, "SliceOptions")

    def transpose(self, x: int, order: list[int]) -> int:
        shape = tuple(self.shapes[x][axis] for axis in order)
        return self.move("TRANSPOSE", [x, self.constant(np.asarray(order, np.int32))], shape, x, "TransposeOptions")

    def pad(self, x: int, around: list[tuple[int, int]], value: int | None = None) -> int:
        shape = tuple(a + n + b for n, (a, b) in zip(self.shapes[x], around, strict=True))
        inputs = [x, self.constant(np.asarray(around, np.int32))]
        if value is None:
            return self.move("PAD", inputs, shape, x, "PadOptions")
        number = self.constant(np.asarray([value], self.types[x]), self.scales[x].scale, 0, self.scales[x].zero_point)
        return self.move("PADV2", [*inputs, number], shape, x, "PadV2Options")

    def pack_of(self, parts: list[int], axis: int) -> int:
        shape = list(self.shapes[parts[0]])
        shape.insert(axis if axis >= 0 else len(shape) + 1 + axis, len(parts))
        return self.move("PACK", parts, tuple(shape), parts[0], "PackOptions", valuesCount=len(parts), axis=axis)

    def pieces(self, x: int, axis: int, sizes: list[int] | int | None) -> list[int]:
        """SPLIT_V to sizes, SPLIT into so many, or UNPACK."""
        shape = list(self.shapes[x])
        if sizes is None:
            made = [tuple(np.delete(shape, axis).tolist())] * shape[axis]
        else:
            each = [shape[axis] // sizes] * sizes if isinstance(sizes, int) else sizes
            positive = axis % len(shape)
            made = [(*shape[:positive], n, *shape[positive + 1 :]) for n in each]
        y = [self.tensor(of, self.scales[x], self.types[x]) for of in made]
        place = self.constant(np.asarray(axis, np.int32))
        if sizes is None:
            self.main.operator("UNPACK", [x], y, "UnpackOptions", num=len(y), axis=axis)
        elif isinstance(sizes, int):
            self.main.operator("SPLIT", [place, x], y, "SplitOptions", numSplits=sizes)
        else:
            lengths = self.constant(np.asarray(sizes, np.int32))
            self.main.operator("SPLIT_V", [x, lengths, place], y, "SplitVOptions", numSplits=len(sizes))
        return y

    def reshape(self, x: int, shape: tuple[int, ...]) -> int:
        dims = np.asarray(shape, np.int32)
        return self.move("RESHAPE", [x, self.constant(dims)], shape, x, "ReshapeOptions", newShape=dims)

    def quantize(self, x: int, scale: Scale, dtype: str = "int8") -> int:
        y = self.tensor(self.shapes[x], scale, dtype)
        self.main.operator("QUANTIZE", [x], [y], "QuantizeOptions")
        return y

    def dequantize(self, x: int) -> int:
        return self.op("DEQUANTIZE", [x], self.shapes[x], self.scales[x], "DequantizeOptions", "float32")

    def logistic(self, x: int) -> int:
        y = self.tensor(self.shapes[x], Scale(1 / 256, -128))
        self.main.operator("LOGISTIC", [x], [y])
        return y

    def dense(
        self, x: int, weights: npt.NDArray[Any], bias: npt.NDArray[Any] | None, weight_scale: Any,
        output: Scale, activation: int = NONE, weight_zero_point: int = 0, **options: Any,
    ) -> int:  # fmt: skip
        """FULLY_CONNECTED; ``weights`` (outputs, inputs)."""
        rows = int(np.prod(self.shapes[x])) // weights.shape[1]
        inputs = [x, self.constant(weights, weight_scale, 0, weight_zero_point)]
        inputs += [] if bias is None else [self.constant(bias, self._bias_scale(x, weight_scale))]
        y = self.tensor((rows, weights.shape[0]), output, self.types[x])
        options["fusedActivationFunction"] = activation
        self.main.operator("FULLY_CONNECTED", inputs, [y], "FullyConnectedOptions", **options)
        return y

    def conv(
        self, x: int, weights: npt.NDArray[Any], bias: npt.NDArray[Any] | None, weight_scale: Any,
        output: Scale, stride: tuple[int, ...] = (1, 1), dilation: tuple[int, ...] = (1, 1), padding: int = VALID,
        activation: int = NONE, depthwise: bool = False, weight_zero_point: int = 0, **more: Any,
    ) -> int:  # fmt: skip
        """CONV_2D with ``weights`` (O, KH, KW, I), or DEPTHWISE_CONV_2D with (1, KH, KW, O)."""
        channels = weights.shape[3] if depthwise else weights.shape[0]
        inputs = [x, self.constant(weights, weight_scale, 3 if depthwise else 0, weight_zero_point)]
        inputs += [] if bias is None else [self.constant(bias, self._bias_scale(x, weight_scale))]
        _, h, w, depth = self.shapes[x]
        shape = (
            1,
            out_size(h, weights.shape[1], stride[0], dilation[0], padding),
            out_size(w, weights.shape[2], stride[1], dilation[1], padding),
            channels,
        )
        y = self.tensor(shape, output, self.types[x])
        options = {
            "padding": padding, "strideH": stride[0], "strideW": stride[1], "dilationHFactor": dilation[0],
            "dilationWFactor": dilation[1], "fusedActivationFunction": activation, **more,
        }  # fmt: skip
        if depthwise:
            options["depthMultiplier"] = channels // depth
            self.main.operator("DEPTHWISE_CONV_2D", inputs, [y], "DepthwiseConv2DOptions", **options)
        else:
            self.main.operator("CONV_2D", inputs, [y], "Conv2DOptions", **options)
        return y

    def pool(
        self, x: int, kernel: tuple[int, ...], stride: tuple[int, ...], padding: int, activation: int,
        kind: str = "AVERAGE_POOL_2D",
    ) -> int:  # fmt: skip
        _, h, w, channels = self.shapes[x]
        shape = (
            1, out_size(h, kernel[0], stride[0], 1, padding), out_size(w, kernel[1], stride[1], 1, padding), channels,
        )  # fmt: skip
        y = self.tensor(shape, self.scales[x], self.types[x])
        self.main.operator(
            kind, [x], [y], "Pool2DOptions", padding=padding, filterHeight=kernel[0],
            filterWidth=kernel[1], strideH=stride[0], strideW=stride[1], fusedActivationFunction=activation,
        )  # fmt: skip
        return y

    def transpose_conv(
        self, x: int, weights: npt.NDArray[Any], bias: npt.NDArray[Any] | None, weight_scale: Any,
        output: Scale, size: tuple[int, ...], stride: tuple[int, ...] = (1, 1), padding: int = VALID,
        activation: int = NONE, weight_zero_point: int = 0, **more: Any,
    ) -> int:  # fmt: skip
        """TRANSPOSE_CONV with ``weights`` (O, KH, KW, I) to an output of any ``size``."""
        shape = (1, *size, weights.shape[0])
        kernel = self.constant(weights, weight_scale, 0, weight_zero_point)
        inputs = [self.constant(np.asarray(shape, np.int32)), kernel, x]
        inputs += [] if bias is None else [self.constant(bias, self._bias_scale(x, weight_scale))]
        options = {"padding": padding, "strideH": stride[0], "strideW": stride[1]}
        return self.op(
            "TRANSPOSE_CONV", inputs, shape, output, "TransposeConvOptions", self.types[x],
            fusedActivationFunction=activation, **options, **more,
        )  # fmt: skip

    def resize(self, x: int, size: tuple[int, ...], nearest: bool, corners: bool = False, centers: bool = False) -> int:
        batch, _, _, depth = self.shapes[x]
        kind, options = ("RESIZE_BILINEAR", "ResizeBilinearOptions")
        if nearest:
            kind, options = ("RESIZE_NEAREST_NEIGHBOR", "ResizeNearestNeighborOptions")
        inputs = [x, self.constant(np.asarray(size, np.int32))]
        return self.move(
            kind, inputs, (batch, *size, depth), x, options, alignCorners=corners, halfPixelCenters=centers
        )  # fmt: skip

    def cast(self, x: int, dtype: str) -> int:
        """The output has no scale."""
        self.names += 1
        y = self.main.activation(f"t{self.names}", self.shapes[x], None, dtype)
        self.shapes[y], self.scales[y], self.types[y] = self.shapes[x], Scale(1.0, 0), dtype
        self.main.operator("CAST", [x], [y], "CastOptions")
        return y

    def _bias_scale(self, x: int, weight_scale: Any) -> npt.NDArray[np.float32]:
        return np.asarray(np.float32(self.scales[x].scale) * np.asarray(weight_scale, np.float32), np.float32)

    def pack(self, *outputs: int) -> Model:
        self.main.interface(self.inputs, list(outputs))
        return Model(self.builder.pack())


def out_size(size: int, kernel: int, stride: int, dilation: int, padding: int) -> int:
    """Outputs along one axis of a window operator."""
    reach = (kernel - 1) * dilation + 1
    return -(-size // stride) if padding == SAME else (size - reach) // stride + 1


def float32(value: float) -> float:
    return float(np.float32(value))


def _extremes(dtype: np.dtype) -> tuple[float, float]:
    if dtype == np.bool_:
        return False, True
    return (-1e4, 1e4) if dtype == np.float32 else (np.iinfo(dtype).min, np.iinfo(dtype).max)


def assert_engines_agree(
    content: bytes, rows: int = 3, seed: int = 0, extremes: bool = True, machine: Machine | None = None
) -> None:
    """Torch, C (sanitized unless emulated) and LiteRT hold the same bytes in every tensor, over several rows."""
    graph = parse_model(content)
    inputs = random_rows(graph, rows, seed)
    if extremes and rows >= 3:
        for values in inputs:
            values[0], values[1] = _extremes(values.dtype)
    for layer in compare(content, inputs, ("-O2",) if machine and machine.emulator else SANITIZED, machine):
        assert layer.equal, (
            f"tensor {layer.tensor.index} of operator {layer.operator}: {layer.differing} of {layer.compared} differ, "
            f"at most by {layer.largest}"
        )
        assert layer.in_c or layer.tensor.index not in graph.outputs
        assert layer.compared == rows * layer.tensor.size
