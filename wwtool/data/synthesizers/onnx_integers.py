"""Makes integer convolutions of ONNX models quick on x86 processors that multiply unsigned by signed bytes (VNNI).

Models that were quantized dynamically have unsigned weights and unsigned inputs. onnxruntime multiplies the weights, on
the left, by the inputs, on the right, and uses VPDPBUSD only if the right side is signed. Inputs and their zero points
are therefore made smaller by 128: every difference of the two, and so every output, stays what it is.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

_CPU = Path("/proc/cpuinfo")
_VNNI = {"avx512_vnni", "avx_vnni"}  # without them, onnxruntime multiplies such bytes by VPMADDUBSW, which saturates
_CONVOLUTION, _QUANTIZATION = "ConvInteger", "DynamicQuantizeLinear"
_OFFSET = 128


def has_vnni(cpu: Path = _CPU) -> bool:
    """Whether this processor has the instruction."""
    try:
        lines = cpu.read_text().splitlines()
    except OSError:
        return False
    return any(_VNNI & set(line.split()) for line in lines if line.startswith("flags"))


def quick_model(path: Path) -> bytes | None:
    """The model of a file with signed inputs of its integer convolutions; None where nothing is to be gained."""
    if not has_vnni() or importlib.util.find_spec("onnx") is None or _CONVOLUTION.encode() not in path.read_bytes():
        return None
    import onnx

    model = onnx.load(str(path))
    sign_inputs(model.graph)
    quick: bytes = model.SerializeToString()
    return quick


def sign_inputs(graph: Any) -> None:
    """Changes an ``onnx.GraphProto`` in place: dynamically quantized inputs of its integer convolutions become int8."""
    from onnx import TensorProto, helper

    offset = "ww_offset"
    quantized = {node.output[0]: node for node in graph.node if node.op_type == _QUANTIZATION}
    signed: dict[str, str] = {}
    nodes = []
    for node in graph.node:
        source = quantized.get(node.input[0]) if node.op_type == _CONVOLUTION else None
        if source is not None:
            floats, (unsigned, scale, zero) = source.input[0], source.output
            if unsigned not in signed:
                signed[unsigned] = name = f"{unsigned}_ww_signed"
                wide, narrow, zero_point = f"{name}_wide", f"{name}_difference", f"{name}_zero"
                nodes += [
                    helper.make_node("Cast", [zero], [wide], to=TensorProto.INT32),
                    helper.make_node("Sub", [wide, offset], [narrow]),
                    helper.make_node("Cast", [narrow], [zero_point], to=TensorProto.INT8),
                    helper.make_node("QuantizeLinear", [floats, scale, zero_point], [name]),
                ]
            node.input[0], node.input[2] = signed[unsigned], f"{signed[unsigned]}_zero"
        nodes.append(node)
    if signed:
        graph.initializer.append(helper.make_tensor(offset, TensorProto.INT32, [], [_OFFSET]))
    del graph.node[:]
    graph.node.extend(nodes)
