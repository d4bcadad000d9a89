"""Quantize: a float .tflite or ONNX model and calibration data become an INT8 .tflite, without a training."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from wwtool import events
from wwtool.base.cancellation import Cancellation
from wwtool.base.files import write_bytes
from wwtool.base.text import printable
from wwtool.errors import InputError, UsageError
from wwtool.export.builder import IDENTIFIER
from wwtool.frontend.registry import FRONT_ENDS
from wwtool.jobs.request import Request, reported
from wwtool.quantizer.against import Against
from wwtool.quantizer.comparing import Comparison, LayerNoise, OutputAgreement, compare
from wwtool.quantizer.float_model import FloatModel
from wwtool.quantizer.integer_model import IntegerModel
from wwtool.quantizer.material import Material, may_read_features, read_material
from wwtool.quantizer.others import as_counterpart, read_other
from wwtool.quantizer.quantizers import DEFAULT, QUANTIZERS
from wwtool.quantizer.quantizers.quantizer import Settings
from wwtool.quantizer.real_model import read_real_model
from wwtool.quantizer.sources import read_float_model
from wwtool.tflite.graph import Graph
from wwtool.training.ranges import RANGES

RANGE_NAMES = tuple(RANGES)
QUANTIZER_NAMES = tuple(QUANTIZERS)
FRONT_END_NAMES = tuple(name for name, front_end in FRONT_ENDS.items() if not front_end.of_any_scale)
DEFAULT_RANGES = "min_max"
DEFAULT_QUANTIZER = DEFAULT
_STAGE = "quantize"
_FEW_ROWS = 100
_POOR_DB = 10.0  # of an output; below it the INT8 model is another model
_POOR_AGREEMENT = 0.9
_STEPS = 2  # of an output that differ in any INT8 model
_UNDECIDED = 0.5


class QuantizeRequest(Request):
    """A quantization."""

    model: Path = Field(
        description="The float .tflite, whose weights may be int8 (dynamic range) or float16; or a float .onnx, which "
        "onnx2tf converts."
    )
    data: Path = Field(
        description="Calibration data: rows of the model's inputs as .npy or .npz, a folder of such files, or for "
        "models of the micro front end a folder of recordings. Each file is a stream that begins with a fresh state."
    )
    out: Path = Field(description="The INT8 .tflite to write.")
    ranges: str = Field(
        DEFAULT_RANGES, description="How the range of a tensor follows from its values: all of them, all but outliers, "
        "the least squared error, or the least lost information."
    )  # fmt: skip
    front_end: str | None = Field(
        None, description="The data are features of this front end, so the input gets the format that firmware feeds. "
        "Of recordings they are computed.  [default: for recordings, the one that the model names, or micro]"
    )  # fmt: skip
    slices: int | None = Field(
        None, ge=1, le=100_000, description="How many slices of features a row has, for an .onnx that leaves this size "
        "open.  [default: as the rows of --data have it]"
    )  # fmt: skip
    output_type: Literal["int8", "uint8"] = Field(
        "int8", description="The type of the model's outputs. ESPHome reads a probability as uint8."
    )
    quantizer: str = Field(
        DEFAULT_QUANTIZER, description="What chooses the formats: wwtool, or onnx2tf (of an .onnx) by TensorFlow's "
        "converter."
    )  # fmt: skip
    against: Path | None = Field(
        None, description="Another quantized model of the same float model, to compare with layer by layer: an INT8 "
        ".tflite, or a QDQ .onnx."
    )  # fmt: skip


@dataclass(frozen=True)
class QuantizePlan:
    """A float model that can be quantized, the file that it came from, and what the result is compared with."""

    request: QuantizeRequest
    source: FloatModel
    graph: Graph
    other: IntegerModel | None = None

    @property
    def settings(self) -> Settings:
        return Settings(self.request.ranges, self.request.output_type)


@dataclass(frozen=True)
class QuantizeOutput:
    """``quantize --json``. ``calibrated`` and ``compared`` are rows; ``bytes`` the size of the file.

    ``against``: the result beside another quantized model, if one was named.
    """

    out: str
    bytes: int
    float_bytes: int
    ranges: str
    calibrated: int
    compared: int
    held_out: bool
    layers: tuple[LayerNoise, ...]
    outputs: tuple[OutputAgreement, ...]
    quantizer: str
    against: Against | None


def plan(request: QuantizeRequest, listener: events.Listener = events.ignore) -> QuantizePlan:
    """Checks a request; changes nothing.

    Raises:
        UsageError: a name is not known, or the model would be overwritten.
        InputError: the model cannot be read or quantized, or the target is a file of another kind.
        ToolError: what converts the model is missing.
    """
    RANGES.check(request.ranges)
    quantizer = QUANTIZERS.member(request.quantizer)
    if request.front_end is not None and request.front_end not in FRONT_END_NAMES:
        raise UsageError(f"{request.front_end!r} is no front end; it must be one of {', '.join(FRONT_END_NAMES)}")
    _require_free(request)
    file = printable(str(request.model))
    source = read_float_model(request.model, request.data, request.slices)
    graph = read_real_model(source.content, file)
    other = None if request.against is None else read_other(request.against, graph)
    made = QuantizePlan(request, source, graph, other)
    quantizer.require(source, graph, made.settings, file)
    return made


def run(
    plan: QuantizePlan, listener: events.Listener = events.ignore, cancel: Cancellation | None = None
) -> QuantizeOutput:
    """Quantizes and writes the model.

    Raises:
        InputError: the calibration data do not fit, or something in the model cannot be quantized.
        CancelledError: somebody has cancelled; nothing is written.
    """
    request, cancel = plan.request, cancel or Cancellation()

    def advance(what: str, done: int, total: int) -> None:
        cancel.check()
        listener(events.StageProgress(_STAGE, done, total, what))

    def warn(text: str) -> None:
        listener(events.Warning(text))

    with reported("quantize", request.model.name, listener):
        start = time.monotonic()
        listener(events.StageStarted(_STAGE, "files"))
        front_end = FRONT_ENDS[request.front_end] if request.front_end else None
        material = read_material(
            request.data, plan.graph, front_end, lambda *at: advance("files", *at), warn, plan.source.inputs
        )
        _warn_of_data(plan.graph, material, warn)
        proof = plan.source.proof(material.streams[0])
        content, graph, quantizer = plan.source.content, plan.graph, QUANTIZERS[request.quantizer]
        other = None if plan.other is None else as_counterpart(plan.other, content, graph, material)
        made = quantizer.make(plan.source, graph, material, plan.settings, advance)
        comparison = compare(content, graph, made.counterpart, material, lambda *at: advance("comparison", *at), other)
        write_bytes(request.out, made.content)
        note = f"{quantizer.credit}{material.rows} rows of {printable(request.data.name)}, ranges {request.ranges}"
        note = f"{note}; {proof}" if proof else note
        listener(events.StageFinished(_STAGE, note, seconds=time.monotonic() - start))
        result = _output(plan, material, len(made.content), comparison)
        if advice := quantizer.advice(graph, material, made):
            warn(advice)
        for output in result.outputs:
            _warn_of_output(output, warn)
    return result


def _warn_of_data(graph: Graph, material: Material, warn: Callable[[str], None]) -> None:
    if material.rows < _FEW_ROWS:
        few = "1 row is" if material.rows == 1 else f"{material.rows} rows are"
        warn(f"{few} few for a calibration; give {_FEW_ROWS} or more, like those in use")
    if material.front_end is None and may_read_features(graph):
        name = graph.front_end.name
        warn(f"if the rows are features of the {name} front end, give --front-end {name}, as firmware feeds those")


def _require_free(request: QuantizeRequest) -> None:
    out = request.out
    if not out.exists():
        return
    if request.against is not None and request.against.exists() and out.samefile(request.against):
        raise UsageError(f"{out} is the model to compare with; choose another name with --out")
    if out.samefile(request.model):
        raise UsageError(f"{out} is the float model itself; choose another name with --out")
    with out.open("rb") as file:
        if file.read(8)[4:] != IDENTIFIER:
            raise InputError(f"{out} is no .tflite and would be overwritten; choose another name with --out")


def _output(plan: QuantizePlan, material: Material, size: int, comparison: Comparison) -> QuantizeOutput:
    request = plan.request
    return QuantizeOutput(
        out=str(request.out), bytes=size, float_bytes=len(plan.source.content), ranges=request.ranges,
        calibrated=material.rows - material.compared, compared=comparison.rows, held_out=comparison.held_out,
        layers=comparison.layers, outputs=comparison.outputs, quantizer=request.quantizer, against=comparison.against,
    )  # fmt: skip


def _warn_of_output(output: OutputAgreement, warn: Callable[[str], None]) -> None:
    noisy = output.snr_db is not None and output.snr_db < _POOR_DB and output.largest_difference > _STEPS * output.scale
    if noisy or (output.agreement is not None and output.agreement < _POOR_AGREEMENT):
        warn(
            f"the output {output.output} is far from the float model's; look for the layer with the most noise, give "
            "calibration data that are more like those in use, or try other --ranges"
        )
    if output.is_probability and output.highest < _UNDECIDED:
        warn(
            f"the probability {output.output} never exceeds {output.highest:.2g} on the rows that were compared; give "
            "calibration data that also hold what the model detects"
        )
