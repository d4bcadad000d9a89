"""A build with a model of others: what is refused before anything is written, and what the page and the card say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from packaged import content, random_tflite
from test_build_page import manifest as trained_manifest

from wwtool.errors import InputError, UsageError
from wwtool.jobs.build import BuildRequest, plan
from wwtool.packages.esphome.foreign import read_settings
from wwtool.packages.esphome.manifest import manifest_of
from wwtool.pipeline.imported import FromFile, require_streaming
from wwtool.reports.build_page import write_report
from wwtool.reports.model_card import markdown, model_card
from wwtool.tflite.graph import Graph, Quantization
from wwtool.tflite.reader import parse_model

CARD = "wake_word: hey computer\nprobability_cutoff: 0.9\n"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "m.tflite"
    path.write_bytes(random_tflite())
    return path


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "m.yaml"
    path.write_text(CARD)
    return path


def request(model: Path | None, manifest: Path | None, **more: Any) -> BuildRequest:
    out = (model or manifest or Path()).parent / "out"
    return BuildRequest(platform="pico", model_file=model, manifest=manifest, out=out, **more)


def with_tensor(output: bool = False, **changes: Any) -> Graph:
    """The graph of a good model, with a tensor that is not."""
    graph = parse_model(random_tflite())
    index = (graph.outputs if output else graph.inputs)[0]
    tensors = [replace(t, **changes) if t.index == index else t for t in graph.tensors]
    return replace(graph, tensors=tuple(tensors))


def test_a_model_and_a_manifest_make_a_plan(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text(json.dumps(manifest_of(content("hey computer"), 30_000) | {"model": model.name}))
    made = plan(request(model, path))
    assert isinstance(made.source, FromFile)
    assert (made.run.phrase, made.run.config.synth.language) == ("hey computer", "de")
    assert made.source.word.detector.on_threshold == 240
    assert plan(request(model, path, phrase="hello you")).run.phrase == "hello you"
    assert not made.folder.exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"quick": True}, "--quick is for a training"),
        ({"synthesise": False}, "--no-synth is for a training"),
        ({"data": Path("recordings")}, "--data is for a training"),
        ({"seed": 3}, "--seed is for a training"),
    ],
)
def test_options_of_a_training_are_refused(model: Path, card: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plan(request(model, card, **changes))


def test_one_file_needs_the_other(model: Path, card: Path) -> None:
    with pytest.raises(UsageError, match="says neither its wake word nor its cutoff and window; give --manifest"):
        plan(request(model, None))
    with pytest.raises(UsageError, match="name that with --model-file"):
        plan(request(None, card))


def test_a_language_must_be_one(model: Path, card: Path) -> None:
    card.write_text(f"{CARD}language: Klingon !!\n")
    with pytest.raises(InputError, match=r"m.yaml: 'Klingon !!' is no language; write one like en or pt-br"):
        plan(request(model, card))
    card.write_text(f"{CARD}language: pt_BR\n")
    assert plan(request(model, card)).run.config.synth.language == "pt-br"


def test_a_folder_with_a_trained_model_is_left_alone(model: Path, card: Path, tmp_path: Path) -> None:
    run = tmp_path / "out" / "run"
    run.mkdir(parents=True)
    (run / "evaluation.json").write_text("{}")
    with pytest.raises(InputError, match="holds a model that was trained there"):
        plan(request(model, card))


def test_what_is_no_model_is_refused(card: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the model"):
        plan(request(tmp_path / "gone.tflite", card))
    (tmp_path / "text.tflite").write_text("no model")
    with pytest.raises(InputError, match=r"text.tflite"):
        plan(request(tmp_path / "text.tflite", card))


_OTHER_SCALE = Quantization(np.array([0.5], np.float32), np.array([-128]))
_OTHER_ZERO = Quantization(np.array([26 / 255], np.float32), np.array([0]))


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (with_tensor(dtype="float32"), "maps float32 .*'wwtool quantize MODEL"),
        (with_tensor(output=True, dtype="float32"), "'wwtool quantize MODEL"),
        (with_tensor(shape=(1, 49, 10, 1)), r"its input is int8 \[1, 49, 10, 1\], and the front end gives"),
        (with_tensor(shape=(1, 3, 32)), r"the front end gives int8 \[1, frames, 40\]"),
        (with_tensor(dtype="uint8"), "its input is uint8"),
        (with_tensor(quantization=_OTHER_SCALE), "its input has scale 0.5 and zero point -128"),
        (with_tensor(quantization=_OTHER_ZERO), "zero point 0, and the front end's features have 0.101961 and -128"),
        (with_tensor(output=True, shape=(1, 12)), "must be one probability .* name the outputs .* by labels"),
        (with_tensor(output=True, quantization=_OTHER_SCALE), "scale 0.5 and zero point -128, which is no probability"),
        (replace(parse_model(random_tflite()), variables={}), "keeps no state .* inference_step_size"),
    ],
)
def test_a_model_that_the_front_end_cannot_feed_is_refused(graph: Graph, message: str) -> None:
    with pytest.raises(InputError, match=f"m.tflite is no streaming INT8 wake-word model: .*{message}"):
        require_streaming(graph, "m.tflite")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("front_end: plp", "front_end.kind: 'plp' is none of micro, mel, mfcc, mfe"),
        ("front_end: {}", "front_end: must say its kind"),
        ("front_end: {kind: mfe, version: 3}", r"m.yaml: front_end.bands: band 1 of 40 lies between two bins"),
        ("front_end: mfcc", "normalised by statistics of the training's audio; name their file with statistics"),
        ("feature_step_size: 20", "feature_step_size: the model takes a slice every 20 ms"),
    ],
)
def test_a_card_may_tell_the_front_end(card: Path, line: str, message: str) -> None:
    card.write_text(f"{CARD}front_end: micro\nfeature_step_size: 10\n")
    assert read_settings(card).cutoff == 0.9
    card.write_text(f"{CARD}{line}\n")
    with pytest.raises(InputError, match=message):
        read_settings(card)


def test_page_and_card_say_that_nothing_was_measured(tmp_path: Path) -> None:
    made = trained_manifest()
    made["evaluation"] = None
    made["inputs"] |= {"imported": {"file": "<b>.tflite", "manifest": "m.json"}, "clips": {}}
    write_report(tmp_path / "report.html", made, tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "Others have trained this model (&lt;b&gt;.tflite)" in page
    assert "false alarms" not in page
    text = markdown(model_card(made))
    assert "has not measured how well it detects" in text and "recall" not in text
    assert "\\<b\\>.tflite" in text and "| threshold | 120 |" in text
