"""Models that compute in floats are refused with what to do about it, whichever way they came to be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from graphs import Model, Net, assert_engines_agree

from wwtool.cli.main import main
from wwtool.compiler.package import compile_graph
from wwtool.errors import InputError
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

REMEDY = (
    "'wwtool quantize MODEL --data CALIBRATION -o INT8.tflite' makes an INT8 model of it, as do TensorFlow Lite's "
    "post-training quantization (Optimize.DEFAULT, a representative_dataset and TFLITE_BUILTINS_INT8 as the only "
    "supported_ops) and quantization-aware training"
)


def dense(net: Net, x: int, weights: int) -> int:
    return net.op("FULLY_CONNECTED", [x, weights, -1], (1, 3), Scale(1.0, 0), "FullyConnectedOptions", "float32")


def float_model() -> Model:
    net = Net((1, 4), Scale(1.0, 0), "float32")
    return net.pack(dense(net, net.input, net.constant(np.ones((3, 4), np.float32))))


def dynamic_range() -> Model:
    net = Net((1, 4), Scale(1.0, 0), "float32")
    return net.pack(dense(net, net.input, net.constant(np.ones((3, 4), np.int8), 0.1)))


def weights_dequantized() -> Model:
    """What converters write where no kernel takes int8 weights with floats."""
    net = Net((1, 4), Scale(1.0, 0), "float32")
    weights = net.number(np.ones((3, 4), np.int8), Scale(0.1, 0))
    return net.pack(dense(net, net.input, net.dequantize(weights)))


def float16_weights() -> Model:
    net = Net((1, 4), Scale(1.0, 0), "float32")
    weights = net.constant(np.ones((3, 4), np.float16))
    wide = net.op("DEQUANTIZE", [weights], (3, 4), Scale(1.0, 0), "DequantizeOptions", "float32")
    return net.pack(dense(net, net.input, wide))


def float16_input() -> Model:
    net = Net((1, 4), Scale(1.0, 0), "float16")
    return net.pack(net.reshape(net.input, (4, 1)))


def partly_float() -> Model:
    """An operator that the converter had no integer kernel for."""
    net = Net((1, 4), Scale(0.5, 0))
    x = net.dequantize(net.binary("ADD", net.input, net.input, Scale(1.0, 0)))
    y = net.op("SIN", [x], (1, 4), Scale(1.0, 0), None, "float32")
    return net.pack(net.quantize(y, Scale(1 / 128, 0)))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (float_model(), "the model computes in float32 (operator 0 (FULLY_CONNECTED))"),
        (dynamic_range(), "integer weights but computes in float32 (operator 0 (FULLY_CONNECTED); dynamic-range"),
        (weights_dequantized(), "integer weights but computes in float32 (operator 1 (FULLY_CONNECTED); dynamic-range"),
        (float16_weights(), "the model has float16 weights (operator 0 (DEQUANTIZE)) and computes in floats"),
        (float16_input(), "the model has float16 weights (operator 0 (RESHAPE))"),
        (partly_float(), "operator 2 (SIN) computes in float32 in a model that is quantized elsewhere"),
    ],
)
def test_float_models_are_refused_with_the_remedy(content: Model, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        compile_graph(parse_model(content), "model")
    assert reason in str(caught.value) and str(caught.value).endswith(REMEDY)


def test_floats_at_the_ends_are_fine() -> None:
    """Converted, moved and cast."""
    net = Net((1, 4), Scale(0.5, 0), "float32")
    x = net.quantize(net.reshape(net.input, (2, 2)), Scale(0.1, 0))
    y = net.dequantize(net.binary("ADD", x, x, Scale(0.2, 0)))
    assert_engines_agree(net.pack(net.transpose(y, [1, 0]), net.cast(y, "int32")))


def test_the_commands_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "model.tflite").write_bytes(dynamic_range())
    with pytest.raises(SystemExit) as ended:
        main(["compile", str(tmp_path / "model.tflite"), "-o", str(tmp_path / "out")])
    assert ended.value.code == 4
    assert "representative_dataset" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()
