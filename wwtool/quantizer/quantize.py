"""From a float .tflite to an INT8 one that the compiler takes: calibration, formats, writing, proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wwtool.compiler.package import compile_graph
from wwtool.errors import InputError
from wwtool.models.quantized import INPUT_SCALE
from wwtool.quantizer.comparing import Comparison, compare
from wwtool.quantizer.formats import Range, choose_formats
from wwtool.quantizer.material import Material
from wwtool.quantizer.observing import observe
from wwtool.quantizer.writing import write_model
from wwtool.tflite.graph import Graph
from wwtool.tflite.reader import parse_model

Advance = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Quantized:
    """The INT8 model's file, and how far it is from the float one."""

    content: bytes
    comparison: Comparison


def quantize(
    content: bytes, graph: Graph, material: Material, ranges: Range, unsigned_outputs: bool, advance: Advance
) -> Quantized:
    """Quantizes a model.

    Args:
        content: the float model's file.
        graph: the same model, as ``read_real_model`` reads it.
        material: what its inputs look like.
        ranges: the range that 8 bits shall hold, of a tensor's values and a zero point.
        unsigned_outputs: real outputs are uint8 instead of int8.
        advance: told the step, "calibration" or "comparison", and how many rows of how many are done.

    Raises:
        InputError: the model does not run, or has something that int8 has no kernel for.
    """
    given = {} if material.front_end is None else {graph.inputs[0]: INPUT_SCALE}
    observed = observe(content, graph, material, lambda done, total: advance("calibration", done, total))
    formats = choose_formats(graph, observed, ranges, given)
    written = write_model(graph, formats, "wwtool quantize", unsigned_outputs, material.front_end)
    try:
        compile_graph(parse_model(written.content), "model")
    except InputError as error:
        raise InputError(f"the INT8 model would not compile: {error}") from error
    comparison = compare(content, graph, written, material, lambda done, total: advance("comparison", done, total))
    return Quantized(written.content, comparison)
