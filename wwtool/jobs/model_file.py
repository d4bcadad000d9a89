"""A build's model from a file: what is asked is checked, and the settings are read that come with the model."""

from __future__ import annotations

import re
from pathlib import Path

from wwtool import events
from wwtool.base.text import printable
from wwtool.compiler.package import compile_graph
from wwtool.compiler.targets import TARGETS
from wwtool.config.synth import LANGUAGE
from wwtool.data.texts.phrases import LONGEST_PHRASE, printable_phrase
from wwtool.errors import InputError, UsageError
from wwtool.jobs.settings import TrainingRequest, read_config
from wwtool.pipeline.imported import FromFile, require_streaming
from wwtool.pipeline.packaging import read_foreign
from wwtool.pipeline.preparation import RunPlan
from wwtool.tflite.reader import parse_model

_NEEDS = "ESPHome's manifest (.json), or a YAML with wake_word, probability_cutoff and sliding_window_size"
_SAME_NAME = {"platform", "phrase", "config", "settings"}  # these mean the same for a model that exists already


def plan_import(
    request: TrainingRequest, model: Path, manifest: Path | None, listener: events.Listener
) -> tuple[RunPlan, FromFile]:
    """The run and the source of a build with the model of a file.

    Raises:
        UsageError: there is no manifest, or an option asks for a training.
        InputError: model, manifest or config cannot be used, or the model is none for this front end.
    """
    _refuse_training(request)
    if manifest is None:
        raise UsageError(
            f"{printable(str(model))} says neither its wake word nor its cutoff and window; give --manifest FILE: "
            f"{_NEEDS}"
        )
    if request.phrase is not None and len(request.phrase) > LONGEST_PHRASE:
        raise InputError(f"the phrase has {len(request.phrase)} characters; use at most {LONGEST_PHRASE}")
    word = read_foreign(model, manifest, request.phrase and printable_phrase(request.phrase))
    graph = parse_model(word.tflite, str(model))
    require_streaming(graph, str(model))
    compile_graph(graph, word.name, TARGETS[0])  # refuses what it cannot compile, before anything is written
    language = word.language.lower().replace("_", "-")
    if not re.fullmatch(LANGUAGE, language):
        raise InputError(f"{manifest}: {printable(word.language, 20)!r} is no language; write one like en or pt-br")
    overrides = {**request.settings, "phrase": word.phrase}
    overrides["synth"] = {**overrides.get("synth", {}), "language": language}
    config = read_config(request.config, overrides, listener)
    source = FromFile(word, printable(model.stem, 60), printable(model.name), printable(manifest.name))
    return RunPlan(word.phrase, config, None, False), source


def _refuse_training(request: TrainingRequest) -> None:
    for name, field in TrainingRequest.model_fields.items():
        if name not in _SAME_NAME and getattr(request, name) != field.default:
            option = "--no-synth" if name == "synthesise" else f"--{name.replace('_', '-')}"
            raise UsageError(
                f"{option} is for a training, and --model-file brings a finished model; leave one of them out"
            )
