"""TensorFlow Lite Micro on ESP-IDF: the project of ``esp_idf`` with an interpreter in place of the compiled C."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from wwtool import __version__
from wwtool.base.files import write_text
from wwtool.base.text import safe_identifier
from wwtool.compiler.emit.c_text import comment_text
from wwtool.errors import InputError
from wwtool.packages.c_text import c_string
from wwtool.packages.esp_idf import Dependency, EspIdf
from wwtool.packages.esphome.arena import arena_bytes
from wwtool.packages.library import library_values, write_core, write_listener
from wwtool.packages.package_format import Content
from wwtool.packages.rendering import render
from wwtool.platforms.profile import Platform, SdkBoard
from wwtool.tflite.graph import Graph
from wwtool.tflite.reader import parse_model

_VARIABLE_BYTES = 20  # of a MicroResourceVariable; their table lies in the same arena
# Methods of MicroMutableOpResolver (tflite-micro, tensorflow/lite/micro/micro_mutable_op_resolver.h) whose names do not
# follow from the operator's.
_METHODS = {
    "BATCH_MATMUL": "BatchMatMul",
    "PADV2": "PadV2",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTM",
}
# Operators that the compiler knows and the resolver does not.
_ABSENT = frozenset({
    "GELU", "REDUCE_ALL", "REDUCE_ANY", "REDUCE_MIN", "REDUCE_PROD", "RELU_0_TO_1", "RELU_N1_TO_1", "REVERSE_V2",
    "SELECT", "TILE",
})  # fmt: skip


class Tflm(EspIdf):
    """The same microphone, front end and detector; Espressif's esp-tflite-micro runs the .tflite."""

    name = "tflm"

    def sdk_board(self, platform: Platform) -> SdkBoard:
        return platform.sdk_boards[EspIdf.name] if EspIdf.name in platform.sdk_boards else super().sdk_board(platform)

    def check(self, content: Content) -> None:
        super().check(content)
        for part in content.models:
            resolver_methods(parse_model(part.tflite), part.phrase)

    def library_dependencies(self) -> list[Dependency]:
        return [Dependency("espressif/esp-tflite-micro", "^1.3.3")]

    def write_sources(self, folder: Path, content: Content) -> list[str]:
        write_core(folder, content.platform, content.model.program.graph.front_end)
        write_listener(folder, content)
        programs = [_program(number, part) for number, part in enumerate(content.models)]
        for program, part in zip(programs, content.models, strict=True):
            values = {**program, "bytes": list(part.tflite)}
            for ending in ("h", "cc"):
                write_text(folder / f"{program['stem']}.{ending}", render(f"tflm/model.{ending}.j2", values))
        values = {**library_values(content), "programs": programs, "version_literal": json.dumps(__version__)}
        write_text(folder / "ww_config.cc", render("tflm/ww_config.cc.j2", values))
        return sorted(path.name for path in folder.iterdir() if path.suffix in (".c", ".cc"))


def resolver_methods(graph: Graph, phrase: str) -> list[str]:
    """The operators of a model as ``MicroMutableOpResolver`` calls them, in order.

    >>> _method("DEPTHWISE_CONV_2D")
    'DepthwiseConv2D'

    Raises:
        InputError: TFLM has no such operator.
    """
    kinds = {op.kind for op in graph.operators} | ({"CALL_ONCE"} if graph.variables else set())
    absent = sorted(kinds & _ABSENT)
    if absent:
        raise InputError(f"TFLM has no {absent[0]}, which the model of '{phrase}' has; choose esp-idf instead")
    return [_method(kind) for kind in sorted(kinds)]


def _method(kind: str) -> str:
    plain = "".join(word.capitalize() for word in kind.split("_"))
    return _METHODS.get(kind, re.sub(r"(\d)d\b", r"\1D", plain))


def _program(number: int, part: Content) -> dict[str, Any]:
    graph = parse_model(part.tflite)
    source, result = graph.tensor(graph.inputs[0]), graph.tensor(graph.outputs[0])
    return {
        "stem": f"tflite_{safe_identifier(part.name)}",
        "suffix": f"_{number}" if number else "",
        "gates": part.gates,
        "phrase_comment": comment_text(part.phrase),
        "phrase": c_string(part.phrase),
        "name": json.dumps(safe_identifier(part.phrase)),
        "sha256": graph.sha256,
        "operators": resolver_methods(graph, part.phrase),
        "arena_bytes": arena_bytes(part.tflite, part.phrase) + 32 + _VARIABLE_BYTES * len(graph.variables),
        "variables": len(graph.variables),
        "input_bytes": source.nbytes,
        "output_bytes": result.nbytes,
        "input_frames": source.shape[1],
        "step_samples": graph.front_end.geometry.step_samples,
        "output_offset": 0 if result.dtype == "uint8" else 128,
        "detector": part.detector.model_dump(),
    }
