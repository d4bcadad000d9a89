"""Files that are damaged, hostile or beyond what is supported: one sentence each, and never another exception."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from graphs import Net

from wwtool.base.text import safe_identifier
from wwtool.compiler.lowering import lower
from wwtool.compiler.package import compile_graph
from wwtool.errors import InputError
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model, read_model

MODELS = Path(__file__).resolve().parents[3] / "shared" / "models"


def stream() -> bytes:
    """A model with every kind of thing in it: variables, a window, convolutions, a uint8 output."""
    net = Net((1, 2, 1, 4), Scale(0.1, -128))
    handle = net.variable("state", np.zeros((1, 3, 1, 4), np.int8), Scale(0.1, -128))
    old = net.read(handle, (1, 3, 1, 4), Scale(0.1, -128))
    whole = net.concatenate([old, net.input], 1)
    net.assign(handle, net.slice(whole, [0, -3, 0, 0], [0, 0, 0, 0], beginMask=13, endMask=15))
    scales = np.full(4, 0.01, np.float32)
    bias = np.arange(4, dtype=np.int32)
    x = net.conv(whole, np.ones((1, 3, 1, 4), np.int8), bias, scales, Scale(0.1, 0), depthwise=True)
    x = net.conv(x, np.ones((4, 1, 1, 4), np.int8), bias, scales, Scale(0.1, 0))
    x = net.pool(x, (3, 1), (1, 1), 1, 0)
    x = net.dense(net.reshape(x, (1, 4)), np.ones((1, 4), np.int8), bias[:1], 0.01, Scale(1 / 16, 0))
    return net.pack(net.quantize(net.logistic(x), Scale(1 / 256, 0), "uint8"))


CONTENT = stream()


def compiled(content: bytes) -> str:
    """ "" if the file compiles, else the sentence that says why not."""
    try:
        compile_graph(parse_model(content, "the file"), "model")
    except InputError as error:
        return str(error)
    return ""


def edited(edit: Any, content: bytes = CONTENT) -> bytes:
    """The model with its object tree changed by ``edit``."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    edit(model)
    builder = flatbuffers.Builder(1 << 14)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def kind_index(model: Any, kind: str) -> int:
    """Which operator of the main subgraph is of that kind."""
    number = getattr(schema.BuiltinOperator, kind)
    codes = [c.builtinCode for c in model.operatorCodes]
    return [codes[op.opcodeIndex] for op in model.subgraphs[0].operators].index(number)


def operator(model: Any, kind: str) -> Any:
    return model.subgraphs[0].operators[kind_index(model, kind)]


def test_the_model_compiles_as_it_stands() -> None:
    assert compiled(CONTENT) == ""
    assert compiled(edited(lambda model: None)) == ""


def test_truncated_anywhere() -> None:
    for length in [*range(0, 200), *range(200, len(CONTENT) - 1, 37)]:
        assert "the file" in compiled(CONTENT[:length]) or compiled(CONTENT[:length]) == ""


def test_truncated_to_half_or_less_never_compiles() -> None:
    for length in range(0, len(CONTENT) // 2, 11):
        assert compiled(CONTENT[:length])


@pytest.mark.parametrize("seed", range(8))
def test_random_damage(seed: int) -> None:
    random = np.random.default_rng(seed)
    began = time.monotonic()
    for _ in range(60):
        content = bytearray(CONTENT)
        for position in random.integers(8, len(content), random.integers(1, 5)):
            content[position] = random.integers(0, 256) if random.integers(2) else random.choice([0, 1, 127, 128, 255])
        compiled(bytes(content))
    assert time.monotonic() - began < 30


def test_every_byte_set_to_its_extremes() -> None:
    for position in range(8, len(CONTENT), 11):
        for value in (0, 255):
            compiled(CONTENT[:position] + bytes([value]) + CONTENT[position + 1 :])


@pytest.mark.parametrize("name", ["mlperf_kws_ref_int8.tflite", "esphome_hey_jarvis.tflite"])
def test_random_damage_to_published_models(name: str) -> None:
    if not (MODELS / name).is_file():
        pytest.skip("the published models are not here")
    original, random = (MODELS / name).read_bytes(), np.random.default_rng(1)
    for _ in range(25):
        content = bytearray(original)
        for position in random.integers(8, len(content), 20):
            content[position] = random.integers(0, 256)
        with suppress(InputError):
            lower(parse_model(bytes(content)))


def test_counts_that_no_file_holds_take_no_time_and_no_memory() -> None:
    """Vectors of four billion entries, wherever a vector's length may stand."""
    began = time.monotonic()
    for position in range(8, len(CONTENT) - 4, 8):
        compiled(CONTENT[:position] + b"\xff\xff\xff\x7f" + CONTENT[position + 4 :])
        compiled(CONTENT[:position] + len(CONTENT).to_bytes(4, "little") + CONTENT[position + 4 :])
    assert time.monotonic() - began < 60


def test_one_table_named_over_and_over() -> None:
    """20,000 subgraphs, all of them the same one with 20,000 tensors, all of them the same."""
    count, builder = 20_000, flatbuffers.Builder(1 << 18)
    tensor = schema.TensorT().Pack(builder)
    schema.SubGraphStartTensorsVector(builder, count)
    for _ in range(count):
        builder.PrependUOffsetTRelative(tensor)
    tensors = builder.EndVector()
    schema.SubGraphStart(builder)
    schema.SubGraphAddTensors(builder, tensors)
    subgraph = schema.SubGraphEnd(builder)
    schema.ModelStartSubgraphsVector(builder, count)
    for _ in range(count):
        builder.PrependUOffsetTRelative(subgraph)
    subgraphs = builder.EndVector()
    schema.ModelStart(builder)
    schema.ModelAddVersion(builder, 3)
    schema.ModelAddSubgraphs(builder, subgraphs)
    builder.Finish(schema.ModelEnd(builder), b"TFL3")
    began = time.monotonic()
    assert "more Tensors than it can hold" in compiled(bytes(builder.Output()))
    assert time.monotonic() - began < 10


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the model"):
        read_model(tmp_path / "none.tflite")
    (tmp_path / "none.tflite").mkdir()
    with pytest.raises(InputError, match="cannot read the model"):
        read_model(tmp_path / "none.tflite")


@pytest.mark.parametrize(
    "content", [b"", b"TFL3", b"\0" * 100, b"PK\x03\x04" + bytes(60), b"\x1c\0\0\0TFL2" + bytes(60)]
)
def test_what_is_no_model(content: bytes) -> None:
    assert "the identifier TFL3 is missing" in compiled(content)


def _set(path: str, value: Any) -> Any:
    """An edit of a field of the model, its first subgraph, tensor 0 or a kind of operator."""

    def edit(model: Any) -> None:
        target, field = path.split(".")
        owner = {"model": model, "graph": model.subgraphs[0], "tensor": model.subgraphs[0].tensors[0]}.get(target)
        setattr(operator(model, target) if owner is None else owner, field, value)

    return edit


def _option(kind: str, **options: Any) -> Any:
    def edit(model: Any) -> None:
        for key, value in options.items():
            setattr(operator(model, kind).builtinOptions, key, value)

    return edit


def _no_options(kind: str) -> Any:
    def edit(model: Any) -> None:
        operator(model, kind).builtinOptionsType, operator(model, kind).builtinOptions = 0, None

    return edit


def _cycle(model: Any) -> None:
    operators = model.subgraphs[0].operators
    operators[3], operators[6] = operators[6], operators[3]


def _reversed(model: Any) -> None:
    model.subgraphs[0].operators.reverse()


def _no_initial_value(model: Any) -> None:
    model.subgraphs[0].operators = [op for op in model.subgraphs[0].operators if op.builtinOptionsType !=
                                    schema.BuiltinOptions.CallOnceOptions]  # fmt: skip


def _cosine(model: Any) -> None:
    model.operatorCodes[operator(model, "LOGISTIC").opcodeIndex].builtinCode = schema.BuiltinOperator.COS
    operator_code = next(c for c in model.operatorCodes if c.builtinCode == schema.BuiltinOperator.COS)
    operator_code.deprecatedBuiltinCode = schema.BuiltinOperator.COS


def _custom(model: Any) -> None:
    code = model.operatorCodes[operator(model, "LOGISTIC").opcodeIndex]
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode = "Wobble"


def _short_weights(model: Any) -> None:
    index = operator(model, "FULLY_CONNECTED").inputs[1]
    model.buffers[model.subgraphs[0].tensors[index].buffer].data = np.zeros(3, np.uint8)


def _no_weights(model: Any) -> None:
    model.subgraphs[0].tensors[operator(model, "FULLY_CONNECTED").inputs[1]].buffer = 0


def _shape(kind: str, slot: int, shape: list[int]) -> Any:
    def edit(model: Any) -> None:
        op = operator(model, kind)
        index = op.outputs[0] if slot < 0 else op.inputs[slot]
        model.subgraphs[0].tensors[index].shape = np.asarray(shape, np.int32)

    return edit


def _scale(kind: str, slot: int, **fields: Any) -> Any:
    def edit(model: Any) -> None:
        op = operator(model, kind)
        tensor = model.subgraphs[0].tensors[op.outputs[0] if slot < 0 else op.inputs[slot]]
        for key, value in fields.items():
            setattr(tensor.quantization, key, value)

    return edit


def _handle(model: Any) -> None:
    operator(model, "READ_VARIABLE").inputs = np.asarray([model.subgraphs[0].inputs[0]], np.int32)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (_cosine, r"operator \d+ \(COS\) is not supported; the supported operators are"),
        (_custom, r"operator \d+ \(custom operator Wobble\) is not supported"),
        (_set("model.version", 2), "schema version 2"),
        (_set("model.subgraphs", []), "only version 3 can be read"),
        (_set("model.buffers", []), "buffer 0, which does not exist"),
        (_set("model.operatorCodes", []), "does not declare"),
        (_set("tensor.shape", np.asarray([1, -1, 4], np.int32)), r"the shape \[1, -1, 4\]"),
        (_set("tensor.shape", np.asarray([1, 0, 4], np.int32)), "every dimension must be known"),
        (_set("tensor.shape", np.full(3, 2**30, np.int32)), "more than any supported device"),
        (_set("tensor.shape", np.ones(4000, np.int32)), "dimensions"),
        (_set("tensor.type", schema.TensorType.FLOAT64), "type float64, which is not supported"),
        (_set("tensor.buffer", 4000), "buffer 4000, which does not exist"),
        (_set("graph.inputs", np.zeros(0, np.int32)), "no input|before anything"),
        (_set("graph.outputs", np.zeros(0, np.int32)), "no input or no output"),
        (_set("graph.outputs", np.asarray([999], np.int32)), "tensor 999 is an input or output but does not exist"),
        (_set("graph.inputs", np.asarray([0, 0], np.int32)), "twice among its inputs"),
        (_set("CONV_2D.inputs", np.asarray([999, 1, 2], np.int32)), r"\(CONV_2D\) names a tensor that does not exist"),
        (_set("CONV_2D.inputs", np.asarray([0], np.int32)), r"\(CONV_2D\) has inputs \[0\]"),
        (_set("CONV_2D.inputs", np.asarray([-1, 1, 2], np.int32)), r"\(CONV_2D\) has inputs \[-1, 1, 2\]"),
        (_set("CONV_2D.outputs", np.zeros(0, np.int32)), r"\(CONV_2D\) has inputs .* outputs \[\]"),
        (_set("STRIDED_SLICE.inputs", np.asarray([0], np.int32)), r"\(STRIDED_SLICE\) has inputs \[0\]"),
        (_set("CONCATENATION.inputs", np.zeros(0, np.int32)), r"\(CONCATENATION\) has inputs \[\]"),
        (_no_options("CONV_2D"), r"\(CONV_2D\) has no option padding"),
        (_no_options("CALL_ONCE"), r"\(CALL_ONCE\) has no option initSubgraphIndex"),
        (_no_options("VAR_HANDLE"), r"\(VAR_HANDLE\) has no option sharedName"),
        (_no_options("STRIDED_SLICE"), r"\(STRIDED_SLICE\) has no option beginMask"),
        (_option("CALL_ONCE", initSubgraphIndex=7), "CALL_ONCE names subgraph 7"),
        (_option("CALL_ONCE", initSubgraphIndex=0), "CALL_ONCE names subgraph 0"),
        (_option("CONV_2D", strideH=0), "stride, dilation or kernel below 1"),
        (_option("CONV_2D", dilationWFactor=-1), "stride, dilation or kernel below 1"),
        (_option("CONV_2D", strideH=3), "which does not follow from its input and kernel"),
        (_option("CONV_2D", fusedActivationFunction=4), "fused activation"),
        (_option("AVERAGE_POOL_2D", strideW=0), "stride, dilation or kernel below 1"),
        (_option("AVERAGE_POOL_2D", filterHeight=9), "which does not follow from its input and kernel"),
        (_option("CONCATENATION", axis=4), r"\(CONCATENATION\) joins"),
        (_option("CONCATENATION", axis=-5), r"\(CONCATENATION\) joins"),
        (_option("CONCATENATION", fusedActivationFunction=1), r"\(CONCATENATION\) joins"),
        (_option("STRIDED_SLICE", shrinkAxisMask=1), r"its bounds give \[3, 1, 4\]"),
        (_option("STRIDED_SLICE", offset=True), "an offset or several ellipses"),
        (_option("STRIDED_SLICE", ellipsisMask=3), "an offset or several ellipses"),
        (_option("FULLY_CONNECTED", weightsFormat=1), "weight format"),
        (_option("VAR_HANDLE", sharedName="other"), "'other', which no CALL_ONCE subgraph sets"),
        (_cycle, "before anything has written it"),
        (_reversed, "before anything has written it"),
        (_no_initial_value, "'state', which no CALL_ONCE subgraph sets"),
        (_handle, "names no variable"),
        (_short_weights, r"is 3 bytes, its shape \[1, 4\] needs 4"),
        (_no_weights, "before anything has written it"),
        (_shape("CONV_2D", -1, [1, 3, 1, 5]), "5 output channels and weights for 4|joins|channels"),
        (_shape("CONV_2D", -1, [2, 3, 1, 4]), "batch 1"),
        (_shape("CONV_2D", -1, [12]), "tensors of shapes"),
        (_shape("LOGISTIC", -1, [1, 2]), "changes the number of elements from 1 to 2"),
        (_shape("RESHAPE", -1, [1, 9]), "changes the number of elements from 4 to 9"),
        (_shape("CONCATENATION", -1, [1, 6, 1, 4]), r"\(CONCATENATION\) joins"),
        (_shape("AVERAGE_POOL_2D", -1, [1, 1, 1, 8]), "4 input channels and 8 output channels"),
        (_scale("CONV_2D", 1, scale=np.full(2, 0.1, np.float32), zeroPoint=np.zeros(2, np.int64)), "2 weight scales"),
        (_scale("CONV_2D", 1, quantizedDimension=3), "along axis 3"),
        (_scale("CONV_2D", 1, zeroPoint=np.ones(4, np.int64)), "asymmetric weights"),
        (_scale("CONV_2D", -1, zeroPoint=np.asarray([200], np.int64)), "quantization of tensor"),
        (_scale("CONV_2D", -1, scale=np.asarray([np.nan], np.float32)), "quantization of tensor"),
        (_scale("CONV_2D", -1, scale=np.asarray([-1.0], np.float32)), "quantization of tensor"),
        (_scale("CONV_2D", -1, scale=np.asarray([1e-40], np.float32)), "output scale too small"),
        (_scale("QUANTIZE", -1, scale=np.asarray([1e-38], np.float32)), "output scale too small"),
        (_scale("LOGISTIC", -1, scale=np.asarray([0.5], np.float32)), "output scale 1/256"),
        (_scale("AVERAGE_POOL_2D", -1, scale=np.asarray([0.5], np.float32)), "changes the scale"),
        (_scale("CONCATENATION", -1, scale=np.asarray([0.5], np.float32)), "different types or scales"),
    ],
)  # fmt: skip
def test_what_a_file_can_get_wrong(edit: Any, message: str) -> None:
    said = compiled(edited(edit))
    assert re.search(message, said), said
    assert "\n" not in said
    assert "truncated" not in said


def test_initialisation_may_only_assign_constants() -> None:
    def edit(model: Any) -> None:
        model.subgraphs[1].operators[1].inputs = model.subgraphs[1].operators[1].inputs[::-1]

    assert "is not allowed in the initialisation subgraph" in compiled(edited(edit))


def test_bounds_that_are_not_integers() -> None:
    def edit(model: Any) -> None:
        for index in operator(model, "STRIDED_SLICE").inputs[1:]:
            model.subgraphs[0].tensors[index].type = schema.TensorType.FLOAT32

    assert "needs constant integers" in compiled(edited(edit))


def test_handles_where_tensors_are_expected() -> None:
    def edit(model: Any) -> None:
        op = operator(model, "CONV_2D")
        op.inputs = np.asarray([operator(model, "READ_VARIABLE").inputs[0], *op.inputs[1:]], np.int32)

    assert "resource" in compiled(edited(edit))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Hey Jarvis", "hey_jarvis"), ("123", "m_123"), ("", "m_"), ('my-model*/ "x"', "my_model_x"), ("__", "m_")],
)
def test_safe_identifier(text: str, expected: str) -> None:
    got = safe_identifier(text)
    assert got.isidentifier()
    if text != "__":
        assert got == expected
