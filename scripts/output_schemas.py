"""The JSON schemas of the ``--json`` outputs and of the JSON files, from the records that the outputs are made of."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ConfigDict, TypeAdapter, create_model

from wwtool.cli.diff import DiffOutput
from wwtool.cli.doctor import DoctorOutput
from wwtool.cli.platforms import PlatformOutput, PlatformsOutput
from wwtool.data.dataset import DatasetRecord
from wwtool.data.scan import ScanOutput
from wwtool.data.split import SplitOutput
from wwtool.data.synth import SynthReport
from wwtool.device.flash import FlashOutput
from wwtool.device.report import HilReport
from wwtool.evaluation.assess import EvaluationOutput
from wwtool.jobs.bringup import BringupReport
from wwtool.jobs.budget import BudgetOutput
from wwtool.jobs.calibration import CalibrationOutput
from wwtool.jobs.compare import ComparisonOutput
from wwtool.jobs.compile import CompileOutput
from wwtool.jobs.data_sets import DataSetsOutput
from wwtool.jobs.evaluate import DetectionsOutput
from wwtool.jobs.export import ExportOutput
from wwtool.jobs.mine import MineOutput
from wwtool.jobs.models import ModelsOutput
from wwtool.jobs.quantize import QuantizeOutput
from wwtool.jobs.voices import VoicesOutput
from wwtool.pipeline.manifest import ManifestRecord

OUTPUTS: dict[str, tuple[int, type[Any]]] = {
    "platforms": (1, PlatformsOutput),
    "platform": (1, PlatformOutput),
    "doctor": (2, DoctorOutput),
    "voices": (1, VoicesOutput),
    "data_sets": (1, DataSetsOutput),
    "synth": (1, SynthReport),
    "scan": (1, ScanOutput),
    "split": (1, SplitOutput),
    "dataset": (1, DatasetRecord),
    "budget": (2, BudgetOutput),
    "comparison": (1, ComparisonOutput),
    "quantize": (1, QuantizeOutput),
    "compile": (1, CompileOutput),
    "diff": (1, DiffOutput),
    "export": (1, ExportOutput),
    "evaluation": (1, EvaluationOutput),
    "detections": (1, DetectionsOutput),
    "calibration": (1, CalibrationOutput),
    "flash": (1, FlashOutput),
    "hil": (1, HilReport),
    "bringup": (1, BringupReport),
    "mine": (1, MineOutput),
    "models": (1, ModelsOutput),
    "manifest": (1, ManifestRecord),
}
"""By name, without ``wwtool.``: the version, and what the keys but ``schema`` and ``version`` are."""


def output_schema(name: str) -> str:
    """The JSON schema of an output. It allows other keys: later versions may add some."""
    version, record = OUTPUTS[name]
    schema = _open(TypeAdapter(record).json_schema())
    head = {"schema": {"const": f"wwtool.{name}"}, "version": {"const": version}}
    schema["properties"] = {**head, **schema["properties"]}
    schema["required"] = [*head, *schema.get("required", [])]
    return json.dumps({**schema, "title": f"wwtool {name}"}, indent=2)


def check_output(value: dict[str, Any]) -> None:
    """Validates an output against its record, and allows no other keys.

    Raises:
        ValueError: it does not match.
    """
    name = value["schema"].removeprefix("wwtool.")
    version, record = OUTPUTS[name]
    if value["version"] != version:
        raise ValueError(f"{name} has version {value['version']}, not {version}")
    keys = {key: entry for key, entry in value.items() if key not in ("schema", "version")}
    # The dataclasses in a model take its config.
    strict = create_model("Strict", __config__=ConfigDict(extra="forbid"), output=(record, ...))
    strict.model_validate_json(json.dumps({"output": keys}))


def _open(schema: Any) -> Any:
    """A schema without defaults, which outputs do not have, and without a ban on other keys."""
    if isinstance(schema, list):
        return [_open(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {key: _open(part) for key, part in schema.items() if key != "default" or isinstance(part, dict)}
    return {key: part for key, part in parts.items() if key != "additionalProperties" or part is not False}
