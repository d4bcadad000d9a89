"""What makes a model of integers of a float one, by name."""

from __future__ import annotations

from wwtool.base.registry import Registry
from wwtool.quantizer.quantizers.by_onnx2tf import ByOnnx2tf
from wwtool.quantizer.quantizers.by_wwtool import ByWwtool
from wwtool.quantizer.quantizers.quantizer import Quantizer

QUANTIZERS: Registry[Quantizer] = Registry("--quantizer", {member.name: member for member in (ByWwtool(), ByOnnx2tf())})
DEFAULT = ByWwtool.name
