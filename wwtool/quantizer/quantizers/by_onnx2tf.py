"""onnx2tf's quantization: TensorFlow's converter, which calibrates with the lowest and the highest values."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from wwtool.errors import InputError, UsageError
from wwtool.models.quantized import INPUT_SCALE
from wwtool.quantizer.float_model import FloatModel, plain_name
from wwtool.quantizer.matching import matched
from wwtool.quantizer.material import Material
from wwtool.quantizer.quantize import Advance, Made, require_compilable
from wwtool.quantizer.quantizers.quantizer import Quantizer, Settings
from wwtool.quantizer.tflite_model import TfliteModel
from wwtool.tflite.graph import Graph

_RANGES = "min_max"
_STEP = "onnx2tf"


class ByOnnx2tf(Quantizer):
    """The file ``*_full_integer_quant.tflite`` of ``onnx2tf -oiqt``."""

    name: ClassVar[str] = "onnx2tf"
    credit: ClassVar[str] = "by onnx2tf from "

    def require(self, source: FloatModel, graph: Graph, settings: Settings, file: str) -> None:
        if source.by_converter is None:
            raise UsageError(
                f"onnx2tf quantizes ONNX models, and {file} is none; give an .onnx, or leave out --quantizer"
            )
        if settings.ranges != _RANGES:
            raise UsageError(
                f"onnx2tf takes the lowest and the highest values as ranges; leave out --ranges {settings.ranges}, or "
                "--quantizer"
            )

    def make(
        self, source: FloatModel, graph: Graph, material: Material, settings: Settings, advance: Advance
    ) -> Made:  # fmt: skip
        assert source.by_converter is not None
        advance(_STEP, 0, 1)
        names = [plain_name(graph.tensor(index).name) for index in graph.inputs]
        kept = [~mask for mask in material.held_out]
        rows = [
            np.concatenate([stream[number][mask] for stream, mask in zip(material.streams, kept, strict=True)])
            for number in range(len(names))
        ]
        content = source.by_converter(names, rows, settings.output_type)
        require_compilable(content, "the INT8 model of onnx2tf")
        counterpart = matched(source.content, graph, TfliteModel(content, self.name, graph), material.streams)
        missing = [index for index in graph.outputs if index not in counterpart.pairs]
        if missing:
            raise InputError(
                f"onnx2tf made another model: no tensor of it stands for the output {graph.tensor(missing[0]).name!r}; "
                "leave out --quantizer"
            )
        advance(_STEP, 1, 1)
        return Made(content, counterpart)

    def advice(self, graph: Graph, material: Material, made: Made) -> str:
        pair = made.counterpart.pairs.get(graph.inputs[0])
        if material.front_end is None or pair is None or pair.slot.scale == INPUT_SCALE:
            return ""
        scale, fed = pair.slot.scale, INPUT_SCALE
        return (
            f"onnx2tf chose scale {scale.scale:.6g} and zero point {scale.zero_point} for the input; firmware feeds "
            f"features at {fed.scale:.6g} and {fed.zero_point}; leave out --quantizer to get these"
        )
