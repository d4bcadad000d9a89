"""Integer convolutions with signed inputs give what they gave with unsigned ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.data.synthesizers import onnx_integers
from wwtool.data.synthesizers.onnx_integers import has_vnni, quick_model, sign_inputs
from wwtool.data.synthesizers.onnx_session import OnnxSession

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

_MOST_WEIGHT = 64  # two products of such weights fit 16 bits, so that no processor saturates


def convolutions(seed: int, channels: int, taps: int) -> bytes:
    """A model as onnxruntime's dynamic quantization writes it: two convolutions that share their inputs."""
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(seed)
    weights = random.integers(0, _MOST_WEIGHT, (2, 3, channels, taps)).astype(np.uint8)
    zeros = random.integers(0, _MOST_WEIGHT, 2).astype(np.uint8)
    nodes = [helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "scale", "zero"])]
    for i in "01":
        nodes.append(helper.make_node("ConvInteger", ["q", f"w{i}", "zero", f"z{i}"], [f"y{i}"]))
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, channels, "length"])],
        [helper.make_tensor_value_info(f"y{i}", TensorProto.INT32, [1, 3, None]) for i in "01"],
        [numpy_helper.from_array(weights[i], f"w{i}") for i in range(2)]
        + [numpy_helper.from_array(zeros[i], f"z{i}") for i in range(2)],
    )  # fmt: skip
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()  # type: ignore[no-any-return]


def outputs(model: bytes, x: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return [np.asarray(y) for y in session.run(None, {"x": x})]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 5), st.floats(-3, 3))
def test_every_output_stays_what_it_is(seed: int, channels: int, taps: int, middle: float) -> None:
    model = convolutions(seed, channels, taps)
    x = np.random.default_rng(seed).normal(middle, 1, (1, channels, 30)).astype(np.float32)
    changed = onnx.load_from_string(model)
    sign_inputs(changed.graph)
    onnx.checker.check_model(changed)
    kinds = [node.op_type for node in changed.graph.node]
    assert kinds.count("QuantizeLinear") == 1, "inputs that two convolutions share are quantized once"
    for before, after in zip(outputs(model, x), outputs(changed.SerializeToString(), x), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    "flags, has",
    [("fpu avx2 avx512_vnni sse", True), ("avx2 avx_vnni", True), ("avx2 avx512f", False), ("avx512_vnni2", False)],
)
def test_what_the_processor_can_do_is_read(tmp_path: Path, flags: str, has: bool) -> None:
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nmodel name\t: avx_vnni\nflags\t\t: {flags}\n")
    assert has_vnni(tmp_path / "cpuinfo") is has


def test_a_system_that_does_not_tell_has_none(tmp_path: Path) -> None:
    assert not has_vnni(tmp_path / "nothing")


def test_only_what_gains_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(convolutions(1, 4, 3))
    monkeypatch.setattr(onnx_integers, "has_vnni", lambda: False)
    assert quick_model(path) is None
    monkeypatch.setattr(onnx_integers, "has_vnni", lambda: True)
    assert b"ww_offset" in (quick_model(path) or b"")
    assert len(OnnxSession(path).run({"x": np.zeros((1, 4, 9), np.float32)})) == 2
    path.write_bytes(path.read_bytes().replace(b"ConvInteger", b"ConvIntegex"))
    assert quick_model(path) is None, "a model without integer convolutions stays as it is"
