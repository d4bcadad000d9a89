"""``ww_config.c``: the models of a firmware with their detectors, as ``core/ww_program.h`` has them."""

from __future__ import annotations

import json

from wwtool import __version__
from wwtool.base.text import safe_identifier
from wwtool.compiler.emit.c_text import comment_text, interfaces
from wwtool.compiler.package import CompiledModel
from wwtool.errors import InputError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.silence import SilenceGate
from wwtool.packages.c_text import c_string
from wwtool.packages.package_format import Content
from wwtool.packages.rendering import render

MOST_MODELS = 8


def require_feature_frames(model: CompiledModel) -> None:
    """Raises InputError if the model's input is not feature frames of the front end."""
    graph = model.program.graph
    source, front_end = graph.tensor(graph.inputs[0]), graph.front_end
    channels = front_end.geometry.channels
    if len(graph.inputs) != 1 or len(source.shape) != 3 or source.shape[2] != channels or source.dtype != "int8":
        raise InputError(
            f"the model's input is {source.dtype} {list(source.shape)}; "
            f"firmware needs int8 [1, frames, {channels}] of the {front_end.name} front end"
        )


def require_programs(content: Content) -> None:
    """Raises InputError if the firmware's core cannot hold the models of a package."""
    for part in content.models:
        require_feature_frames(part.model)
    if any(part.model.program.graph.front_end != content.model.program.graph.front_end for part in content.models):
        raise InputError("the models of one firmware share a front end, and these read features of different ones")
    if content.gates and content.beside:
        raise InputError(f"'{content.phrase}' only tells speech from the rest; name a wake word before it")
    if content.detector.silence:
        SilenceGate.check(content.model.input_frames)
    if content.beside and any(part.detector.silence for part in content.models):
        raise InputError("a firmware with a silence gate holds one model; build them without detector.silence_gate")
    if len(content.models) > MOST_MODELS:
        raise InputError(f"a firmware holds at most {MOST_MODELS} models, not {len(content.models)}; leave some out")


def config_text(model: CompiledModel, phrase: str, detector: DetectorConfig, beside: tuple[Content, ...] = ()) -> str:
    """The text of ``ww_config.c`` for a model and those beside it, which share its front end."""
    programs = [_program(0, model, phrase, detector, gates=False)]
    programs += [
        _program(n, part.model, part.phrase, part.detector, part.gates) for n, part in enumerate(beside, start=1)
    ]
    values = {
        "phrase_comment": comment_text(", ".join([phrase, *(part.phrase for part in beside)])),
        "version": __version__,
        "version_literal": json.dumps(__version__),
        "programs": programs,
    }
    return render("library/ww_config.c.j2", values)


def _program(
    number: int, model: CompiledModel, phrase: str, detector: DetectorConfig, gates: bool
) -> dict[str, object]:
    graph = model.program.graph
    source, result = graph.tensor(graph.inputs[0]), graph.tensor(graph.outputs[0])
    suffix = f"_{number}" if number else ""
    variable = f"model{suffix}"
    areas = {
        io.macro: io.area.replace("model->", f"{variable}.")
        for io in interfaces(model.program, model.memory, model.names)
    }
    return {
        "names": model.names,
        "suffix": suffix,
        "variable": variable,
        "gates": gates,
        "name": json.dumps(safe_identifier(phrase)),
        "phrase": c_string(phrase),
        "input": areas["INPUT"],
        "output": areas["OUTPUT"],
        "input_frames": source.shape[1],
        "step_samples": graph.front_end.geometry.step_samples,
        "output_offset": 0 if result.dtype == "uint8" else 128,
        "detector": detector.model_dump(),
        "silence_threshold": detector.silence * graph.front_end.geometry.channels,
        "silence_rows": detector.silence_rows,
    }
