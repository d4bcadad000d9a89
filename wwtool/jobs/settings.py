"""Settings as jobs take them: a config file, a request's overrides, and names checked where they are registered."""

from __future__ import annotations

from copy import deepcopy
from operator import attrgetter
from pathlib import Path
from typing import Any

from pydantic import Field

from wwtool import events
from wwtool.base.assets import asset_dir
from wwtool.base.registry import Registry
from wwtool.config import Config, load_config, merge
from wwtool.config.frontend import Normalized
from wwtool.config.presets import preset_or_file
from wwtool.data.data_home import features_folder
from wwtool.data.dataset import index_folder
from wwtool.data.negatives import KINDS
from wwtool.data.texts.lexicon import lexicon
from wwtool.data.texts.phrases import LONGEST_PHRASE, normalize_phrase, printable_phrase
from wwtool.data.texts.ways import read_way
from wwtool.data.texts.word_list import read_words
from wwtool.errors import InputError, UsageError
from wwtool.features.ready_made import open_features
from wwtool.features.spectrogram import TRANSFORMS
from wwtool.features.waveform import SCENE, VOICE
from wwtool.features.waveform.filters import FILTERS
from wwtool.frontend.mel import MelFrontEnd
from wwtool.frontend.registry import front_end_of
from wwtool.frontend.statistics import read_statistics
from wwtool.jobs.request import Request
from wwtool.jobs.tracking import TRACKERS
from wwtool.models.names import architecture_of, choices, is_model
from wwtool.models.zoo import ALL_MODELS
from wwtool.pipeline.preparation import RunPlan
from wwtool.training.averaging import AVERAGING
from wwtool.training.clipping import CLIPPING
from wwtool.training.execution import EXECUTION
from wwtool.training.mining import MINING
from wwtool.training.objectives import OBJECTIVES, check_objective
from wwtool.training.optimizers import OPTIMIZERS
from wwtool.training.ranges import RANGES
from wwtool.training.schedules import SCHEDULES
from wwtool.training.teachers import check_teacher, chosen_teacher

AUTO = "auto"
MODELS = (AUTO, *ALL_MODELS)
REGISTRIES: tuple[Registry[Any], ...] = (
    KINDS, VOICE, FILTERS, SCENE, TRANSFORMS, OBJECTIVES, OPTIMIZERS, SCHEDULES, AVERAGING, MINING, CLIPPING, RANGES,
    EXECUTION, TRACKERS,
)  # fmt: skip
"""Whose members a config names; each knows the key."""
_QUICK = "quick.yaml"


class TrainingRequest(Request):
    """What decides how a model is made, whatever is done with it."""

    platform: str = Field(description="A platform's name, or the path of a .yaml of your own.")
    phrase: str | None = Field(None, description="The wake word, as it is spoken.")
    data: Path | None = Field(None, description="A folder or index of recordings.")
    keep_doubtful: bool | None = Field(
        None, description="Use recordings, too, that do not seem to say the phrase. They are named all the same."
    )
    config: Path | None = Field(
        None, description="A YAML config, or the name of a preset; wwtool config presets lists them."
    )
    model: str | None = Field(
        None, description=f"A model of the zoo: {choices()}.  [default: auto, the best that fits]"
    )
    search: int | None = Field(
        None,
        ge=1,
        le=100,
        description="Train the N best models that fit for a while on your data, and go on with the better half.",
    )
    language: str | None = Field(
        None, description="Language of the synthetic voices, such as de or pt-br.  [default: en-us]"
    )
    words: Path | None = Field(None, description="Words of the language, one a line, if wwtool has none for it.")
    pronounce: tuple[str, ...] = Field(
        (), description="Another way to say the phrase: /IPA/, or a spelling that sounds like it. May be repeated."
    )
    quick: bool = Field(False, description="Train a smoke model: little data, few steps. It detects, but badly.")
    synthesise: bool = Field(True, description="Train on synthetic speech too, not on recordings alone.")
    features: tuple[str, ...] = Field(
        (), description="Ready-made features to train against: a data set of wwtool data get, or a folder; repeatable."
    )
    allow_drop: bool | None = Field(
        None,
        description="Export the model even if quantization has cost more recall than train.quantization.most_drop, "
        "beyond chance.",
    )
    seed: int | None = Field(None, ge=0, description="Another seed gives another model.")
    settings: dict[str, Any] = Field(
        {}, description="Values of config keys, nested like a config file. They win over the file."
    )


def read_config(path: Path | None, overrides: dict[str, Any], listener: events.Listener) -> Config:
    """The config with a request's ``overrides`` (nested like the file) on top.

    Raises:
        InputError: a key, a value or a name in it is wrong; the message names the key path.
    """
    path = preset_or_file(path)
    config = load_config(path, overrides, lambda text: listener(events.Warning(text)))
    where = "config" if path is None else path
    try:
        for registry in REGISTRIES:
            registry.check(attrgetter(registry.key)(config))
        _check_kinds(config)
        check_objective(config.train)
        check_teacher(config.train.teacher)
        _check_front_end(config)
        if is_model(config.model):
            architecture_of(config.model)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    if config.model != AUTO and not is_model(config.model):
        raise InputError(f"{where}: model: must be '{AUTO}' or one of {choices()} (it is {config.model!r})")
    return config


def _check_front_end(config: Config) -> None:
    front_end, settings = front_end_of(config.frontend), config.frontend
    if isinstance(settings, Normalized) and isinstance(front_end, MelFrontEnd) and settings.statistics is not None:
        read_statistics(Path(settings.statistics)).apply(front_end, settings.statistics)


def _check_kinds(config: Config) -> None:
    for name, kind in config.negatives.items():
        if kind.hours and not KINDS[name].trained:
            raise InputError(f"negatives.{name}.hours: must be 0, because the kind is kept for evaluation")


def plan_training(request: TrainingRequest, listener: events.Listener) -> RunPlan:
    """What to train, and on what; checked as far as it can be without reading a recording.

    Raises:
        UsageError: the request contradicts itself or lacks something.
        InputError: config, phrase, language or data cannot be used.
        ToolError: the teacher is not installed.
    """
    config = _with_features(_config(request, listener))
    chosen_teacher(config.train.teacher.name)
    if request.data is not None:
        index_folder(request.data, config.split.speaker_pattern)
    elif not request.synthesise:
        raise UsageError("--no-synth leaves nothing to train on without recordings; give them with --data DIR")
    return RunPlan(config.phrase or "", config, request.data, request.synthesise)


def _with_features(config: Config) -> Config:
    """The config with the folders of ready-made features, which are checked, in the place of data sets' names."""
    folders = tuple(str(features_folder(name).resolve()) for name in config.pools.features)
    for folder in folders:
        open_features(Path(folder))
    return config.model_copy(update={"pools": config.pools.model_copy(update={"features": folders})})


def _config(request: TrainingRequest, listener: events.Listener) -> Config:
    """The config with the request's settings on top; the phrase is checked."""
    if request.model not in (None, AUTO) and (request.search or 1) > 1:
        raise UsageError("--search chooses among models and --model names one; leave one of them out")
    if request.phrase is not None and len(request.phrase) > LONGEST_PHRASE:
        raise InputError(f"the phrase has {len(request.phrase)} characters; use at most {LONGEST_PHRASE}")
    config = read_config(request.config, _overrides(request), listener)
    if config.phrase is None:
        raise UsageError("no wake word is given; use --phrase or the config's key 'phrase'")
    if not request.synthesise:
        return config.model_copy(update={"phrase": printable_phrase(config.phrase)})
    synth = config.synth
    spoken = normalize_phrase(config.phrase, synth.language)
    for given in synth.pronunciations:
        read_way(given, spoken, synth.language)  # refuses what no voice can say
    lexicon(synth.language, read_words(synth.words) if synth.words else None)  # refuses a language without words
    return config.model_copy(update={"phrase": spoken})


def _overrides(request: TrainingRequest) -> dict[str, Any]:
    """What wins over the config file, nested like it: the quick preset, then settings, then the request's fields."""
    overrides: dict[str, Any] = {}
    if request.quick:
        overrides = load_config(asset_dir("configs") / _QUICK).model_dump(exclude_unset=True)
    overrides = merge(overrides, deepcopy(request.settings))
    fields: dict[str, Any] = {
        "phrase": request.phrase,
        "model": request.model,
        "select.search": request.search,
        "train.seed": request.seed,
        "synth.seed": request.seed,
        "synth.language": request.language,
        "synth.words": request.words,
        "train.quantization.allow_drop": request.allow_drop,
        "split.keep_doubtful": request.keep_doubtful,
        "synth.pronunciations": request.pronounce or None,
        "pools.features": list(request.features) or None,
    }
    for path, value in fields.items():
        if value is not None:
            *sections, key = path.split(".")
            place = overrides
            for section in sections:
                place = place.setdefault(section, {})
            place[key] = value
    return overrides
