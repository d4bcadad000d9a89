"""Random whole graphs of everything that is supported, and a byte-level check of how they use memory. Not a test."""

# mypy: disable-error-code="union-attr, operator, arg-type, index, call-overload, assignment"

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from graphs import NONE, RELU, RELU6, RELU_N1_TO_1, SAME, VALID, Model, Net, float32
from hypothesis import strategies as st
from random_operators import MAKERS
from recurrent_graphs import lstm, svdf

from wwtool.compiler.calls import Call, Constant, Scratch, Span
from wwtool.compiler.kernels.overlap import in_bytes
from wwtool.compiler.package import CompiledModel
from wwtool.models.quantized import Scale
from wwtool.tflite.graph import ITEM_BYTES

PROBABILITIES = Scale(1 / 256, -128)
_MOST_ELEMENTS = 1500
_COUNTS = st.sampled_from([1, 2, 3, 4, 5, 7, 8, 13])
_SIZES = st.sampled_from([1, 2, 3, 4, 5, 7, 9])
_ZERO_POINTS = st.one_of(st.sampled_from([-128, 127, 0]), st.integers(-128, 127))
_ACTIVATIONS = st.sampled_from([NONE, NONE, RELU, RELU6, RELU_N1_TO_1])
_PADDINGS = st.sampled_from([SAME, VALID])


class RandomGraph:
    """A graph that grows by one operator, or a small group of them, at a time."""

    def __init__(self, draw: st.DrawFn, floats: bool) -> None:
        self.draw, self.floats = draw, floats
        self.random = np.random.default_rng(draw(st.integers(0, 2**32)))
        self.net = Net(self.shape(), self.scale())
        self.made: list[int] = [self.net.input]
        for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
            self.made.append(self.net.add_input(self.shape(), self.scale()))

    def shape(self) -> tuple[int, ...]:
        return (1, self.draw(_SIZES), self.draw(_SIZES), self.draw(_COUNTS))

    def scale(self) -> Scale:
        return Scale(float32(self.draw(st.sampled_from([0.02, 0.05, 0.1, 1 / 256, 0.7]))), self.draw(_ZERO_POINTS))

    def near(self, factor: float) -> Scale:
        return Scale(float32(factor), self.draw(_ZERO_POINTS))

    def pick(self, rank: int | None = None) -> int:
        """A tensor, rather one of the latest; ``rank`` 4 means one of a single picture."""
        fitting = [t for t in self.made if rank is None or len(self.net.shapes[t]) == rank]
        fitting = [t for t in fitting if rank != 4 or self.net.shapes[t][0] == 1]
        if not fitting:
            return self.picture(self.made[-1])
        return fitting[-1 - self.draw(st.integers(0, min(len(fitting) - 1, 6)))]

    def picture(self, x: int) -> int:
        size = self.size(x)
        width = next(n for n in (5, 3, 2, 1) if size % n == 0)
        depth = next(n for n in (7, 4, 3, 2, 1) if size // width % n == 0)
        return self.net.reshape(x, (1, size // width // depth, width, depth))

    def size(self, x: int) -> int:
        return int(np.prod(self.net.shapes[x]))

    def weights(self, *shape: int) -> np.ndarray:
        if self.draw(st.integers(0, 5)) == 0:
            return np.where(self.random.random(shape) < 0.5, -127, 127).astype(np.int8)
        lowest = -128 if self.draw(st.integers(0, 7)) == 0 else -127
        return self.random.integers(lowest, 128, shape).astype(np.int8)

    def layer(self, x: int, reach: int, channels: int) -> tuple[np.ndarray, np.ndarray, Scale]:
        """Bias, weight scales and output scale of a layer whose outputs fill int8, mostly."""
        factor = self.draw(st.sampled_from([0.2, 1.0, 1.0, 1.0, 30.0]))
        bias = self.random.integers(-3000, 3001, channels).astype(np.int32)
        scales = (0.01 * self.random.uniform(0.3, 2, channels)).astype(np.float32)
        return bias, scales, self.near(self.net.scales[x].scale * 0.4 * np.sqrt(reach) * factor)

    # What follows makes one operator or a few, and returns what may be used further.

    def convolution(self) -> list[int]:
        x, depthwise = self.pick(4), self.draw(st.booleans())
        _, h, w, depth = self.net.shapes[x]
        padding = self.draw(_PADDINGS)
        kernel = self.draw(st.integers(1, 4)), self.draw(st.integers(1, 4))
        if self.draw(st.integers(0, 2)) == 0:
            kernel = 1, 1
        if padding == VALID:
            kernel = min(kernel[0], h), min(kernel[1], w)
        dilated = self.draw(st.integers(0, 3)) == 0
        dilation = (self.draw(st.integers(1, 3)), self.draw(st.integers(1, 3))) if dilated else (1, 1)
        if padding == VALID and (h <= (kernel[0] - 1) * dilation[0] or w <= (kernel[1] - 1) * dilation[1]):
            dilation = 1, 1
        stride = (1, 1) if dilation != (1, 1) else (self.draw(st.integers(1, 3)), self.draw(st.integers(1, 3)))
        channels = depth * self.draw(st.sampled_from([1, 1, 1, 2])) if depthwise else self.draw(_COUNTS)
        shape = (1, *kernel, channels) if depthwise else (channels, *kernel, depth)
        bias, scales, output = self.layer(x, kernel[0] * kernel[1] * (1 if depthwise else depth), channels)
        without = depthwise and self.draw(st.booleans())  # LiteRT's CONV_2D has to have one
        y = self.net.conv(
            x, self.weights(*shape), None if without else bias, scales, output, stride, dilation, padding,
            self.draw(_ACTIVATIONS), depthwise,
        )  # fmt: skip
        return [y]

    def dense(self) -> list[int]:
        x, channels = self.pick(), self.draw(_COUNTS)
        depth = self.net.shapes[x][-1]
        if len(self.net.shapes[x]) != 2 or self.draw(st.booleans()):
            depth = self.size(x) if self.size(x) < 300 else depth
            x = self.net.reshape(x, (self.size(x) // depth, depth))
        bias, scales, output = self.layer(x, depth, channels)
        y = self.net.dense(x, self.weights(channels, depth), bias, scales[0], output, self.draw(_ACTIVATIONS))
        return [y]

    def pool(self) -> list[int]:
        x, padding = self.pick(4), self.draw(_PADDINGS)
        _, h, w, _ = self.net.shapes[x]
        kernel = min(h, self.draw(st.integers(1, 4))), min(w, self.draw(st.integers(1, 4)))
        stride = self.draw(st.integers(1, 3)), self.draw(st.integers(1, 3))
        kind = self.draw(st.sampled_from(["AVERAGE_POOL_2D", "MAX_POOL_2D"]))
        return [self.net.pool(x, kernel, stride, padding, self.draw(_ACTIVATIONS), kind)]

    def binary(self) -> list[int]:
        kind = self.draw(st.sampled_from(["ADD", "ADD", "SUB", "MUL", "PRELU", "MINIMUM", "MAXIMUM"]))
        a = self.pick()
        shape = self.net.shapes[a]
        others = [t for t in self.made if self.broadcasts(self.net.shapes[t], shape)]
        form = self.draw(st.integers(0, 4))
        if others and form and kind != "PRELU":
            b = others[-1 - self.draw(st.integers(0, len(others) - 1))]
        else:
            size = () if form == 1 else (shape[-1],) if form > 1 else shape
            b = self.net.number(self.random.integers(-128, 128, size).astype(np.int8), self.scale())
        swapped = self.draw(st.booleans()) and kind != "PRELU"
        if kind in ("MINIMUM", "MAXIMUM"):
            output = self.net.scales[a]
            if self.net.scales[b] != output:
                b = self.net.quantize(b, output) if b in self.made else self.net.number(
                    self.random.integers(-128, 128, self.net.shapes[b]).astype(np.int8), output
                )  # fmt: skip
        else:
            scales = self.net.scales[a].scale, self.net.scales[b].scale
            output = self.near(100 * scales[0] * scales[1] if kind in ("MUL", "PRELU") else 1.1 * sum(scales))
        activation = self.draw(_ACTIVATIONS)
        return [self.net.binary(kind, *((b, a) if swapped else (a, b)), output, activation)]

    @staticmethod
    def broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
        """Within the four dimensions that LiteRT's binary operators have."""
        ranks = len(shape) <= len(to) <= 4
        return ranks and all(a in (1, b) for a, b in zip(shape[::-1], to[::-1], strict=False))

    def unary(self) -> list[int]:
        x = self.pick()
        kind = self.draw(
            st.sampled_from(
                ["LOGISTIC", "TANH", "RELU", "RELU6", "LEAKY_RELU", "ABS", "NEG", "SOFTMAX", "LOG_SOFTMAX"],
            )
        )
        shape = self.net.shapes[x]
        if kind == "LOG_SOFTMAX":
            return [self.net.log_softmax(x)]
        if kind == "SOFTMAX":
            return [self.net.softmax(x, float32(0.03 / self.net.scales[x].scale))]
        if kind == "LOGISTIC":
            return [self.net.logistic(x)]
        if kind == "LEAKY_RELU":
            output = self.near(self.net.scales[x].scale * 1.5)
            return [self.net.op(kind, [x], shape, output, "LeakyReluOptions", alpha=0.25)]
        output = Scale(1 / 128, 0) if kind == "TANH" else self.net.scales[x]
        return [self.net.op(kind, [x], shape, output, {"ABS": "AbsOptions", "NEG": "NegOptions"}.get(kind))]

    def mean(self) -> list[int]:
        x = self.pick()
        rank = len(self.net.shapes[x])
        axes = sorted({self.draw(st.integers(max(rank - 3, 0), rank - 1)) for _ in range(self.draw(st.integers(1, 2)))})
        if len(axes) == rank:
            axes = axes[1:]
        if not axes:
            return []
        return [self.net.mean(x, axes, self.draw(st.booleans()), self.near(self.net.scales[x].scale))]

    def reshape(self) -> list[int]:
        x = self.pick()
        size = self.size(x)
        form = self.draw(st.integers(0, 2))
        if form == 0:
            return [self.picture(x)]
        return [self.net.reshape(x, (1, size) if form == 1 else (size, 1))]

    def quantize(self) -> list[int]:
        x, way = self.pick(), self.draw(st.integers(0, 3))
        target = self.near(self.net.scales[x].scale * self.draw(st.sampled_from([0.7, 1.0, 2.0])))
        if way == 0 or (way == 1 and not self.floats):
            return [self.net.quantize(x, target)]
        if way == 1:
            x = self.net.dequantize(x)
            if self.draw(st.booleans()):
                x = self.net.reshape(x, (1, self.size(x)))
        elif way == 2:
            x = self.net.quantize(x, Scale(float32(self.net.scales[x].scale / 200), 0), "int16")
            if self.draw(st.booleans()):
                x = self.net.pad(x, [(0, 0)] * (len(self.net.shapes[x]) - 1) + [(1, 2)])
        else:
            x = self.net.quantize(x, Scale(self.net.scales[x].scale, self.draw(st.integers(0, 255))), "uint8")
        return [self.net.quantize(x, target)]

    def slice(self) -> list[int]:
        x = self.pick()
        shape = self.net.shapes[x]
        begin, end, steps = [0] * len(shape), list(shape), [1] * len(shape)
        for axis, size in enumerate(shape):
            if size > 1 and self.draw(st.booleans()):
                begin[axis] = self.draw(st.integers(0, size - 1))
                end[axis] = self.draw(st.integers(begin[axis] + 1, size))
                steps[axis] = self.draw(st.sampled_from([1, 1, 1, 2]))
        if self.draw(st.booleans()):
            return [self.net.crop(x, begin, [e - b for b, e in zip(begin, end, strict=True)])]
        return [self.net.slice(x, begin, end, steps)]

    def split(self) -> list[int]:
        x = self.pick()
        shape = self.net.shapes[x]
        axis = self.draw(st.integers(0, len(shape) - 1))
        if shape[axis] > 6 or (len(shape) > 1 and self.draw(st.booleans())):
            cut = self.draw(st.integers(1, shape[axis] - 1)) if shape[axis] > 1 else 0
            return self.net.pieces(x, axis, [cut, shape[axis] - cut] if cut else 1)
        if len(shape) < 2 or self.draw(st.booleans()):
            return self.net.pieces(x, axis, shape[axis])
        return self.net.pieces(x, axis, None)

    def join(self) -> list[int]:
        x = self.pick()
        shape = self.net.shapes[x]
        axis = self.draw(st.integers(0, len(shape) - 1))

        def rest(t: int) -> tuple[int, ...]:
            other = self.net.shapes[t]
            return (*other[:axis], *other[axis + 1 :])

        fitting = [t for t in self.made if len(self.net.shapes[t]) == len(shape) and rest(t) == rest(x)]
        count = self.draw(st.integers(1, 3))
        parts = [fitting[-1 - self.draw(st.integers(0, len(fitting) - 1))] for _ in range(count)] + [x]
        packed = self.draw(st.booleans()) and len(shape) < 4 and all(self.net.shapes[p] == shape for p in parts)
        scale = self.net.scales[x]
        parts = [p if self.net.scales[p] == scale else self.net.quantize(p, scale) for p in parts]
        if self.draw(st.integers(0, 5)) == 0:
            one = self.random.integers(-128, 128, shape).astype(np.int8)
            parts.insert(0, self.net.number(one, scale))
        return [self.net.pack_of(parts, axis) if packed else self.net.concatenate(parts, axis)]

    def transpose(self) -> list[int]:
        x = self.pick()
        return [self.net.transpose(x, [int(a) for a in self.random.permutation(len(self.net.shapes[x]))])]

    def pad(self) -> list[int]:
        x = self.pick()
        around = [(self.draw(st.integers(0, 2)), self.draw(st.integers(0, 2))) for _ in self.net.shapes[x]]
        if len(around) == 4:
            around[0] = 0, 0
        return [self.net.pad(x, around, self.draw(st.one_of(st.none(), st.integers(-128, 127))))]

    def window(self) -> list[int]:
        """A window that slides over the rows of a picture."""
        x = self.pick(4)
        _, h, w, channels = self.net.shapes[x]
        shape = (1, self.draw(st.integers(1, 4)), w, channels)
        name, scale = f"window{len(self.net.shapes)}", self.net.scales[x]
        handle = self.net.variable(name, self.random.integers(-128, 128, shape).astype(np.int8), scale)
        old = self.net.read(handle, shape, scale)
        whole = self.net.concatenate([old, x], 1)
        kept = self.net.slice(whole, [0, h, 0, 0], [1, h + shape[1], w, channels])
        self.net.assign(handle, kept)
        return [whole] if self.draw(st.integers(0, 4)) else [whole, old, kept]

    def variable(self) -> list[int]:
        """A variable that remembers a tensor until the next inference."""
        x = self.pick()
        name, shape, scale = f"variable{len(self.net.shapes)}", self.net.shapes[x], self.net.scales[x]
        handle = self.net.variable(name, self.random.integers(-128, 128, shape).astype(np.int8), scale)
        old = self.net.read(handle, shape, scale)
        sum_ = self.net.binary("ADD", old, x, scale)
        self.net.assign(handle, self.draw(st.sampled_from([x, sum_])))
        return [old, sum_]

    def recurrent(self) -> list[int]:
        x = self.pick()
        depth = min(self.size(x), 20)
        x = self.net.reshape(x, (1, self.size(x)))
        x = self.net.crop(x, [0, 0], [1, depth])
        seed = self.draw(st.integers(0, 99))
        if self.draw(st.booleans()):
            return [svdf(self.net, x, self.draw(_COUNTS), self.draw(st.integers(1, 2)), self.draw(st.integers(1, 5)),
                         seed=seed)]  # fmt: skip
        steps = next(n for n in (3, 2, 1) if depth % n == 0)
        x = self.net.reshape(x, (1, steps, depth // steps))
        return [lstm(self.net, x, self.draw(_COUNTS), self.draw(st.one_of(st.none(), _COUNTS)), seed)]

    def grow(self) -> None:
        makers = [
            self.convolution, self.convolution, self.convolution, self.dense, self.pool, self.binary, self.binary,
            self.unary, self.mean, self.reshape, self.quantize, self.slice, self.slice, self.split, self.join,
            self.join, self.transpose, self.pad, self.window, self.variable, self.recurrent,
            *(partial(make, self) for make in MAKERS),
        ]  # fmt: skip
        new = self.draw(st.sampled_from(makers))()
        self.made += [t for t in new if self.size(t) <= _MOST_ELEMENTS]

    def finish(self) -> Model:
        """The latest tensor is an output, and some others are, too."""
        computed = [t for t in self.made if t not in self.net.inputs]
        if not computed:
            computed = [self.net.reshape(self.net.input, (1, self.size(self.net.input)))]
        outputs = [computed[-1]]
        for _ in range(self.draw(st.sampled_from([0, 0, 1, 2, 3]))):
            outputs.append(computed[self.draw(st.integers(0, len(computed) - 1))])
        return self.net.pack(*dict.fromkeys(outputs))


@st.composite
def random_graphs(draw: st.DrawFn, floats: bool = True, most: int = 16) -> Model:
    graph = RandomGraph(draw, floats)
    for _ in range(draw(st.integers(3, most))):
        graph.grow()
    return graph.finish()


# The check of memory: every byte holds a number that tells who wrote it when.


def check_memory(model: CompiledModel, inferences: int = 2) -> None:
    """Runs the calls on memory of its own for every tensor, and on the plan's, and compares all that is read."""
    _Simulation(model).run(inferences)


class _Simulation:
    def __init__(self, model: CompiledModel) -> None:
        self.program, self.memory = model.program, model.memory
        self.graph = self.program.graph
        self.areas = {"arena": self.fresh(self.memory.arena_bytes), "state": self.fresh(self.memory.state_bytes)}
        self.own: dict[int, np.ndarray] = {}
        self.count = 0
        for window in self.program.windows:
            self.write(Span(window.tensor), self.stamps(window.keep_bytes))
        for number, state in enumerate(self.program.states):
            self.write(Span(-1 - number), self.stamps(state.nbytes))
        for variable in self.program.variables:
            self.write(Span(variable.index), self.stamps(variable.nbytes))

    def fresh(self, nbytes: int) -> np.ndarray:
        return np.full(nbytes, -1, np.int64)

    def stamps(self, nbytes: int) -> np.ndarray:
        self.count += nbytes
        return np.arange(self.count - nbytes, self.count)

    def nbytes(self, tensor: int) -> int:
        return self.program.states[-1 - tensor].nbytes if tensor < 0 else self.graph.tensor(tensor).nbytes

    def places(self, span: Span, nbytes: int) -> tuple[np.ndarray, np.ndarray]:
        """The bytes in the plan's memory and in the tensor's own; a tensor that lies in another shares both."""
        place = self.program.place(span.tensor)
        own = self.own.setdefault(place.tensor, self.fresh(self.nbytes(place.tensor)))
        start = place.offset + span.offset
        address = self.memory.address(span.tensor, span.offset)
        planned = self.areas[address.area][address.offset : address.offset + nbytes]
        part = own[start : start + nbytes]
        assert len(planned) == len(part) == nbytes, "beyond the end of memory"
        return planned, part

    def write(self, span: Span, values: np.ndarray) -> None:
        for memory in self.places(span, len(values)):
            memory[:] = values

    def read(self, span: Span, nbytes: int) -> np.ndarray:
        planned, own = self.places(span, nbytes)
        assert np.all(own >= 0), f"tensor {span.tensor} is read before it is written"
        assert np.array_equal(planned, own), f"tensor {span.tensor} has been written over"
        return own.copy()

    def run(self, inferences: int) -> None:
        for _ in range(inferences):
            for index in self.graph.inputs:
                self.write(Span(index), self.stamps(self.nbytes(index)))
            for step, call in enumerate(self.program.calls):
                self.call(call, step)
            for index in (*self.graph.inputs, *self.graph.outputs):
                self.read(Span(index), self.nbytes(index))
            for window in self.program.windows:
                kept = self.read(Span(window.tensor, window.new_bytes), window.keep_bytes)
                self.write(Span(window.tensor), kept)

    def call(self, call: Call, step: int) -> None:
        if call.function == "ww_copy_rows":
            target, target_step, source, source_step, nbytes, rows = call.arguments
            for row in range(rows):
                to = Span(target.tensor, target.offset + row * target_step)
                at = row * source_step
                if isinstance(source, Constant):
                    self.write(to, self.stamps(nbytes))
                else:
                    self.write(to, self.read(Span(source.tensor, source.offset + at), nbytes))
        elif call.function == "ww_strided_copy":
            source, target = call.arguments
            for a, b in _walk(call.fields["walk"]):
                nbytes = call.fields["bytes"]
                values = self.stamps(nbytes) if isinstance(source, Constant) else self.read(
                    Span(source.tensor, source.offset + a), nbytes
                )  # fmt: skip
                self.write(Span(target.tensor, target.offset + b), values)
        elif call.function == "ww_lookup_rows_uint8":
            _, target, target_step, source, source_step, nbytes, rows = call.arguments
            for row in range(rows):
                if not isinstance(source, Constant):
                    self.read(Span(source.tensor, source.offset + row * source_step), nbytes)
                self.write(Span(target.tensor, target.offset + row * target_step), self.stamps(nbytes))
        elif call.function == "ww_fill":
            target, _, item, count = call.arguments
            self.write(target, self.stamps(item * count))
        else:
            self.kernel(call, step)

    def kernel(self, call: Call, step: int) -> None:
        """All inputs are read, the scratch memory is lost, all outputs are written, in the kernel's order if those lie
        over the first input."""
        spans = [a for a in call.arguments if isinstance(a, Span)]
        reads = [s for s in spans if s.tensor in call.reads]
        writes = [s for s in spans if s.tensor in call.writes]
        assert {s.tensor for s in reads} == set(call.reads) and {s.tensor for s in writes} == set(call.writes)
        for span in reads:
            self.read(span, self.nbytes(span.tensor))
        if any(isinstance(a, Scratch) for a in call.arguments):
            address = self.memory.scratch(step)
            assert address.offset % 4 == 0
            scratch = self.areas["arena"][address.offset : address.offset + call.scratch_bytes]
            assert len(scratch) == call.scratch_bytes
            scratch[:] = -1
            for span in reads:
                self.read(span, self.nbytes(span.tensor))
        if reads and writes:
            source, target = (
                self.memory.address(s.tensor, s.offset) for s in (reads[0], writes[0])
            )  # fmt: skip
            sizes = self.nbytes(reads[0].tensor), self.nbytes(writes[0].tensor)
            apart = target.offset - source.offset
            if source.area == target.area and -sizes[1] < apart < sizes[0] and reads[0] not in writes:
                self.in_order(call, step, apart)
        for span in writes:
            self.write(span, self.stamps(self.nbytes(span.tensor)))
        for span in reads[1:]:
            if span not in writes:
                self.read(span, self.nbytes(span.tensor))
        if any(isinstance(a, Scratch) for a in call.arguments):
            scratch[:] = -1
            for span in writes:
                self.read(span, self.nbytes(span.tensor))

    def in_order(self, call: Call, step: int, apart: int) -> None:
        graph = self.graph
        backwards = "backwards" in call.fields and self.memory.backwards(step)
        written: set[int] = set()
        for reads, writes in order_of(call, graph.tensor(call.reads[0]), graph.tensor(call.writes[0]), backwards):
            assert not written & set(reads), f"call {step} ({call.function}) writes over what it still has to read"
            written |= {apart + byte for byte in writes}


def _walk(walk: Any) -> Iterator[tuple[int, int]]:
    for index in np.ndindex(*walk["sizes"]):
        yield (
            int(np.dot(index, walk["a"])),
            int(np.dot(index, walk["b"])),
        )


def order_of(call: Call, x: Any, y: Any, backwards: bool) -> Iterator[tuple[set[int], set[int]]]:
    """What a kernel reads of its first input and writes of its output, step by step, in bytes from their starts."""
    fields: Any = call.fields
    item = ITEM_BYTES[x.dtype]
    if "window" in fields:
        places = window_places(in_bytes(fields["window"], item))
    elif call.function.startswith("ww_dense"):
        shape = fields.get("records", fields)
        stride, depth, channels = (
            item * n for n in (fields.get("row_stride", shape["depth"]), shape["depth"], shape["channels"])
        )
        places = [
            (set(range(r * stride, r * stride + depth)), list(range(r * channels, (r + 1) * channels)))
            for r in range(fields["rows"])
        ]
    elif call.function in ("ww_softmax", "ww_log_softmax"):
        depth, size = fields["depth"], x.size
        for start in range(0, size, depth):
            row = set(range(start, start + depth))
            yield row, set()
            for i in sorted(row):
                yield {n for n in row if n >= i}, {i}
        return
    else:
        assert call.in_place, f"{call.function} has its output over its input"
        a, b = ITEM_BYTES[x.dtype], ITEM_BYTES[y.dtype]
        assert x.size == y.size
        for i in range(x.size):
            yield set(range(i * a, (i + 1) * a)), set()
            yield set(), set(range(i * b, (i + 1) * b))
        return
    group = {
        "ww_dense_dsp": 2, "ww_conv_2d_dsp": 2, "ww_dense_lanes": 1, "ww_conv_2d_lanes": 1,
        "ww_dense_pie": 1, "ww_conv_2d_pie": 1,
    }.get(call.function.replace("_any_", "_"))  # fmt: skip
    order = places[::-1] if backwards else places
    for start in range(0, len(order), group or 1):
        part = order[start : start + (group or 1)]
        reads = set().union(*(r for r, _ in part))
        writes = [byte for _, w in part for byte in w]
        if group:
            yield reads, set()
            yield set(), set(writes)
        else:
            for byte in writes:
                yield reads, {byte}


def window_places(w: dict[str, int]) -> list[tuple[set[int], list[int]]]:
    """For every output position in order what it reads and the bytes it writes, one for each channel."""
    found: list[tuple[set[int], list[int]]] = []
    for oy in range(w["output_height"]):
        for ox in range(w["output_width"]):
            reads = set()
            for ky in range(w["kernel_height"]):
                for kx in range(w["kernel_width"]):
                    y = oy * w["stride_height"] - w["pad_height"] + ky * w["dilation_height"]
                    x = ox * w["stride_width"] - w["pad_width"] + kx * w["dilation_width"]
                    if 0 <= y < w["input_height"] and 0 <= x < w["input_width"]:
                        start = (y * w["input_width"] + x) * w["input_channels"]
                        reads |= set(range(start, start + w["input_channels"]))
            first = len(found) * w["output_channels"]
            found.append((reads, list(range(first, first + w["output_channels"]))))
    return found
