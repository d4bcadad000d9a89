"""From a float .tflite to an INT8 one that the compiler takes: calibration, formats, writing, proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wwtool.compiler.package import compile_graph
from wwtool.errors import InputError
from wwtool.models.quantized import INPUT_SCALE
from wwtool.quantizer.comparing import Comparison, compare
from wwtool.quantizer.formats import Range, choose_formats
from wwtool.quantizer.integer_model import Counterpart, Pair
from wwtool.quantizer.material import Material
from wwtool.quantizer.observing import Observed, computed, observe
from wwtool.quantizer.tflite_model import TfliteModel
from wwtool.quantizer.writing import Written, write_model
from wwtool.tflite.graph import Graph
from wwtool.tflite.reader import parse_model

_DESCRIPTION = "wwtool quantize"
Advance = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Quantized:
    """The INT8 model's file, and how far it is from the float one."""

    content: bytes
    comparison: Comparison


@dataclass(frozen=True)
class Made:
    """The INT8 model's file, and its tensors that stand for those of the float one."""

    content: bytes
    counterpart: Counterpart


def quantize(
    content: bytes, graph: Graph, material: Material, ranges: Range, unsigned_outputs: bool, advance: Advance
) -> Quantized:
    """Quantizes a model and compares it with the float one; see ``quantize_own``."""
    made = quantize_own(content, graph, material, ranges, unsigned_outputs, advance)
    comparison = compare(
        content, graph, made.counterpart, material, lambda done, total: advance("comparison", done, total)
    )
    return Quantized(made.content, comparison)


def quantize_own(
    content: bytes, graph: Graph, material: Material, ranges: Range, unsigned_outputs: bool, advance: Advance
) -> Made:
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
    written = _compiled(write_model(graph, formats, _DESCRIPTION, unsigned_outputs, material.front_end))
    model = TfliteModel(written.content, "the INT8 model", graph)
    pairs = {index: Pair(model.slots[tensor]) for index, (tensor, _) in written.tensors.items()}
    return Made(written.content, Counterpart(model, pairs))


def require_quantizable(graph: Graph) -> None:
    """Quantizes a model as if all its tensors held numbers from -1 to 1, before anything runs it.

    LiteRT trusts what a file says of its shapes; the compiler, which takes the INT8 model, does not.

    Raises:
        InputError: int8 has no kernel for something in it, or its shapes do not fit together.
    """
    observed = {index: Observed(-1.0, 1.0) for index in computed(graph)}
    formats = choose_formats(graph, observed, lambda values, zero_point: (-1.0, 1.0), {})
    _compiled(write_model(graph, formats, _DESCRIPTION, False, None))


def require_compilable(content: bytes, name: str) -> None:
    """Refuses an INT8 model that the compiler does not take.

    Raises:
        InputError: the compiler refuses it; the message says why.
    """
    try:
        compile_graph(parse_model(content), "model")
    except InputError as error:
        raise InputError(f"{name}, whose operators are numbered anew, would not compile: {error}") from error


def _compiled(written: Written) -> Written:
    require_compilable(written.content, "the INT8 model")
    return written
