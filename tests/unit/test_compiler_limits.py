"""Models that are small as files and large in what they name: costs follow the file, or one sentence refuses."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from graphs import Net
from test_compiler_folding import Plain
from test_reader import edited

from wwtool.compiler.package import compile_graph
from wwtool.compiler.report import make_report
from wwtool.compiler.targets import TARGETS
from wwtool.errors import InputError
from wwtool.models.quantized import Scale
from wwtool.tflite import limits
from wwtool.tflite.reader import parse_model, read_model

SCALE = Scale(0.5, 0)
FEW_BYTES = 30 << 20


def outcome(content: bytes) -> str:
    """ "" if the file compiles for every core and has a report, else the sentence that says why not."""
    try:
        for target in TARGETS:
            make_report(compile_graph(parse_model(content), "model", target))
    except InputError as error:
        return str(error)
    return ""


def relus(count: int) -> bytes:
    net = Net((1, 4), SCALE)
    x = net.input
    for _ in range(count):
        x = net.op("RELU", [x], (1, 4), SCALE)
    return net.pack(x)


def pool(size: int) -> bytes:
    net = Net((1, size, size, 1), SCALE)
    return net.pack(net.pool(net.input, (1, 1), (1, 1), 1, 0, "MAX_POOL_2D"))


def depthwise(size: int) -> bytes:
    net = Net((1, size, size, 1), SCALE)
    weights = np.ones((1, 1, 1, 1), np.int8)
    return net.pack(net.conv(net.input, weights, None, np.full(1, 0.01, np.float32), SCALE, depthwise=True))


def dense(rows: int) -> bytes:
    net = Net((rows, 1), SCALE)
    return net.pack(net.dense(net.input, np.ones((1, 1), np.int8), None, 0.01, SCALE))


def padded_constant(size: int) -> bytes:
    net = Net((1, size), SCALE)
    constant = net.pad(net.number(np.ones((1, 1), np.int8), SCALE), [(0, 0), (0, size - 1)])
    return net.pack(net.binary("ADD", net.input, constant, Scale(1.0, 0)))


def unpacked(size: int) -> bytes:
    net = Net((size, 1), SCALE)
    y = net.tensor((1,), SCALE)
    net.main.operator("UNPACK", [net.input], [y], "UnpackOptions", num=1, axis=0)
    return net.pack(y)


def numbers(kind: str, inputs: list[Any], size: int, table: str) -> bytes:
    net = Plain((1, 4), SCALE)
    y = net.fold(kind, [net.plain(value) for value in inputs], (size,), table=table)
    return net.pack(y, net.op("RELU", [net.input], (1, 4), SCALE))


def outer_sum(size: int) -> bytes:
    net = Plain((1, 4), SCALE)
    y = net.fold(
        "ADD", [net.plain(np.zeros((size, 1))), net.plain(np.zeros((1, size)))], (size, size), table="AddOptions"
    )
    return net.pack(y, net.op("RELU", [net.input], (1, 4), SCALE))


def dealt(size: int) -> bytes:
    net = Plain((1, size, size, 1), SCALE)
    inputs = [net.input, net.plain([size, size]), net.plain([[0, 0], [0, 0]])]
    return net.pack(net.move("SPACE_TO_BATCH_ND", inputs, (size * size, 1, 1, 1), net.input, "SpaceToBatchNDOptions"))


def resized(size: int) -> bytes:
    net = Net((1, 1, 1, 1), SCALE)
    return net.pack(net.resize(net.input, (size, 1), nearest=True))


def repeated(times: int) -> bytes:
    net = Plain((1, 1), SCALE)
    return net.pack(net.move("TILE", [net.input, net.plain([1, times])], (1, times), net.input, "TileOptions"))


def shared_buffer(count: int, size: int) -> bytes:
    """Constants that nothing reads, all of one buffer."""

    def edit(model: Any) -> None:
        buffer = schema.BufferT()
        buffer.data = np.zeros(size, np.uint8)
        model.buffers.append(buffer)
        for _ in range(count):
            tensor = schema.TensorT()
            tensor.name, tensor.shape, tensor.type = "constant", np.asarray([size], np.int32), schema.TensorType.INT8
            tensor.buffer = len(model.buffers) - 1
            model.subgraphs[0].tensors.append(tensor)

    return edited(edit, relus(1))


def shared_weights(layers: int, size: int) -> bytes:
    net = Net((1, size), SCALE)
    weights = net.constant(np.ones((size, size), np.int8), 0.01)
    x = net.input
    for layer in range(layers):
        y = net.tensor((1, size), Scale(0.5 + layer / 1e4, 0))
        net.main.operator("FULLY_CONNECTED", [x, weights, -1], [y], "FullyConnectedOptions")
        x = y
    return net.pack(x)


def large_outputs(count: int) -> bytes:
    net = Net((1, 1 << 27), SCALE)
    return net.pack(*(net.op("LOGISTIC", [net.input], (1, 1 << 27), Scale(1 / 256, -128)) for _ in range(count)))


def joined(count: int, parts: int) -> bytes:
    net = Net((1, 1), SCALE)
    inputs = [net.op("RELU", [net.input], (1, 1), SCALE) for _ in range(parts)]
    return net.pack(*(net.op("RELU", [net.concatenate(inputs, 1)], (1, parts), SCALE) for _ in range(count)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pool(16384), ""),
        (depthwise(8192), ""),
        (dense(1 << 27), ""),
        (padded_constant(1 << 26), ""),
        (unpacked(1 << 28), "into 1 pieces"),
        (numbers("RANGE", [0, 1 << 26, 1], 1 << 26, "RangeOptions"), "exceeds the limit of 65632 in all"),
        (numbers("FILL", [[1 << 26], 7], 1 << 26, "FillOptions"), ""),
        (numbers("TILE", [[7], [1 << 26]], 1 << 26, "TileOptions"), "more than the 65536 supported"),
        (numbers("BROADCAST_TO", [7, [1 << 26]], 1 << 26, "BroadcastToOptions"), "more than the 65536 supported"),
        (outer_sum(8000), "exceeds the limit of 577536 in all"),
        (shared_buffer(2000, 1 << 20), ""),
        (dealt(1 << 14), "blocks of 268435456 elements, more than the 4096 supported"),
        (resized(1 << 27), "an axis of 134217728 elements, more than the 65536 supported"),
        (repeated(1 << 27), "an axis of 134217728 elements, more than the 65536 supported"),
        (shared_weights(300, 256), "bytes of constants, more than the 2621440 supported"),
        (large_outputs(20), "more than the 2147483647 that 32-bit offsets reach"),
    ],
)  # fmt: skip
def test_memory_follows_the_file(content: bytes, message: str) -> None:
    tracemalloc.start()
    try:
        said = outcome(content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (message in said) if message else not said, said
    assert peak < FEW_BYTES + 8 * len(content)


def seconds(content: bytes) -> float:
    gc.disable()  # a collection takes as long as all objects of the tests before, not as the model, are many
    try:
        began = time.process_time()
        make_report(compile_graph(parse_model(content), "model"))
        return time.process_time() - began
    finally:
        gc.enable()


def chain_of_reshapes(count: int) -> bytes:
    net = Net((1, 4), SCALE)
    x = net.op("RELU", [net.input], (1, 4), SCALE)
    for step in range(count):
        x = net.reshape(x, (4, 1) if step % 2 else (1, 4))
    return net.pack(net.op("RELU", [x], net.shapes[x], SCALE))


def many_outputs(count: int) -> bytes:
    net = Net((1, count), SCALE)
    return net.pack(*(net.op("RELU", [piece], (1, 1), SCALE) for piece in net.pieces(net.input, 1, count)))


def joined_again_and_again(count: int) -> bytes:
    net = Net((1, 1), SCALE)
    y = net.op("RELU", [net.input], (1, 1), SCALE)
    for _ in range(count):
        y = net.concatenate([net.op("RELU", [net.input], (1, 1), SCALE), y], 1)
    return net.pack(y)


def many_variables(count: int) -> bytes:
    net = Net((1, 1, 1, 4), SCALE)
    x = net.input
    for number in range(count):
        handle = net.variable(f"v{number}", np.arange(8, dtype=np.int8).reshape(1, 2, 1, 4), SCALE)
        whole = net.concatenate([net.read(handle, (1, 2, 1, 4), SCALE), net.op("RELU", [x], (1, 1, 1, 4), SCALE)], 1)
        net.assign(handle, net.slice(whole, [0, number % 2, 0, 0], [1, 2 + number % 2, 1, 4]))
        x = net.slice(whole, [0, 2, 0, 0], [1, 3, 1, 4])
    return net.pack(net.op("RELU", [x], (1, 1, 1, 4), SCALE))


def moved_constants(count: int) -> bytes:
    net = Net((2, 2), SCALE)
    x = net.number(np.arange(4, dtype=np.int8).reshape(2, 2), SCALE)
    for _ in range(count):
        x = net.transpose(x, [1, 0])
    return net.pack(net.binary("ADD", net.input, x, SCALE))


@pytest.mark.parametrize(
    "make",
    [relus, chain_of_reshapes, many_outputs, joined_again_and_again, many_variables, moved_constants],
)  # fmt: skip
def test_time_follows_the_file(make: Callable[[int], bytes]) -> None:
    few, many = make(150), make(900)
    seconds(few)
    assert seconds(many) < 6 * 4 * seconds(few)


def test_a_chain_against_the_order_of_the_tensors() -> None:
    def reverse(model: Any) -> None:
        graph = model.subgraphs[0]
        graph.tensors.reverse()
        for table in (*graph.operators, graph):
            table.inputs, table.outputs = (len(graph.tensors) - 1 - ends for ends in (table.inputs, table.outputs))

    content = edited(reverse, chain_of_reshapes(2000))
    assert len(compile_graph(parse_model(content), "chain").program.calls) == 2


@pytest.mark.parametrize(
    ("name", "most", "content", "message"),
    [
        ("OPERATORS", 9, relus(10), "model has 10 operators, more than the 9 that"),
        ("TENSORS", 10, relus(10), "model has 11 tensors, more than the 10 that"),
        ("MODEL_BYTES", 500, relus(10), "larger than 500 bytes, which no microcontroller holds"),
        ("CALLS", 9, relus(10), "RELU) and those before it need more than 9 kernel calls"),
    ],
)
def test_limits_are_told(
    name: str, most: int, content: bytes, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(limits, name, most)
    assert message in outcome(content)
    (tmp_path / "model.tflite").write_bytes(content)
    if name != "CALLS":
        with pytest.raises(InputError, match="use a smaller model"):
            read_model(tmp_path / "model.tflite")


def test_what_is_shared_in_the_file_is_read_so_often_and_no_more() -> None:
    """Thousands of operators with one and the same vector of inputs."""
    assert "lists more numbers than it can hold" in outcome(shared_inputs(2000, 900))


def shared_inputs(count: int, parts: int) -> bytes:
    """A damaged model: ``count`` operators with one vector of inputs."""
    builder = flatbuffers.Builder(1 << 16)
    vector = builder.CreateNumpyVector(np.zeros(parts, np.int32))
    operators = []
    for _ in range(count):
        schema.OperatorStart(builder)
        schema.OperatorAddInputs(builder, vector)
        operators.append(schema.OperatorEnd(builder))
    schema.SubGraphStartOperatorsVector(builder, count)
    for operator in operators:
        builder.PrependUOffsetTRelative(operator)
    table = builder.EndVector()
    schema.SubGraphStart(builder)
    schema.SubGraphAddOperators(builder, table)
    subgraph = schema.SubGraphEnd(builder)
    schema.ModelStartSubgraphsVector(builder, 1)
    builder.PrependUOffsetTRelative(subgraph)
    subgraphs = builder.EndVector()
    schema.ModelStart(builder)
    schema.ModelAddVersion(builder, 3)
    schema.ModelAddSubgraphs(builder, subgraphs)
    builder.Finish(schema.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())


def test_a_file_without_end(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="TFL3 is missing"):
        read_model(Path("/dev/zero"))
