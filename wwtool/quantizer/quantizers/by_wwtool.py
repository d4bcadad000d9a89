"""wwtool's own quantizer."""

from __future__ import annotations

from typing import ClassVar

from wwtool.quantizer.float_model import FloatModel
from wwtool.quantizer.material import Material
from wwtool.quantizer.quantize import Advance, Made, quantize_own, require_quantizable
from wwtool.quantizer.quantizers.quantizer import Quantizer, Settings
from wwtool.tflite.graph import Graph
from wwtool.training.ranges import RANGES


class ByWwtool(Quantizer):
    """Ranges of what the tensors hold, in the formats that int8 kernels demand."""

    name: ClassVar[str] = "wwtool"

    def require(self, source: FloatModel, graph: Graph, settings: Settings, file: str) -> None:
        require_quantizable(graph)

    def make(
        self, source: FloatModel, graph: Graph, material: Material, settings: Settings, advance: Advance
    ) -> Made:  # fmt: skip
        ranges = RANGES[settings.ranges]
        return quantize_own(source.content, graph, material, ranges, settings.output_type == "uint8", advance)
