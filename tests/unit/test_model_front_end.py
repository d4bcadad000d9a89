"""A model says which front end it reads: in its architecture, its checkpoint and its .tflite."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wwtool.budget.dry_build import random_tflite
from wwtool.errors import InputError
from wwtool.evaluation.streaming import StreamingModel
from wwtool.export.builder import ModelBuilder
from wwtool.frontend import registry
from wwtool.frontend.front_end import FeatureStream, FrontEnd
from wwtool.frontend.geometry import Geometry
from wwtool.models.names import architecture_of
from wwtool.models.network import Network
from wwtool.models.zoo import ALL_MODELS, as_dict, from_dict
from wwtool.packages.esphome.contract import broken_clause
from wwtool.tflite.front_end import FRONT_END, front_end_in
from wwtool.tflite.reader import parse_model


class Nothing(FrontEnd):
    """A front end of 13 features every 20 ms, all of them 0."""

    name = "nothing"
    geometry = Geometry(window_samples=400, step_samples=320, channels=13)

    def stream(self) -> FeatureStream:
        raise NotImplementedError

    def quantize(self, values: np.ndarray) -> np.ndarray:
        return values.astype(np.int8)

    def c_tables(self) -> dict[str, str]:
        return {}


@pytest.fixture(autouse=True)
def another(monkeypatch: pytest.MonkeyPatch) -> FrontEnd:
    monkeypatch.setitem(registry.FRONT_ENDS, Nothing.name, Nothing())
    return Nothing()


@pytest.mark.parametrize("name", ALL_MODELS)
def test_architectures_read_what_the_front_end_gives(name: str, another: FrontEnd) -> None:
    architecture = architecture_of(name, another)
    frames = architecture.receptive_frames
    assert Network(architecture).eval()(torch.zeros((1, frames, 13))).shape == (1, 1)
    assert architecture.receptive_seconds == pytest.approx((400 + (frames - 1) * 320) / 16000)
    described = json.loads(json.dumps(as_dict(architecture)))
    assert from_dict(described) == architecture != ALL_MODELS[name]
    assert "front_end" not in as_dict(ALL_MODELS[name])  # checkpoints of the micro front end are as they were


def test_a_tflite_names_its_front_end(another: FrontEnd) -> None:
    content = random_tflite(architecture_of("tinyconv", another), "test")
    graph = parse_model(content)
    assert graph.front_end == another
    assert graph.tensor(graph.inputs[0]).shape[2] == 13
    with closing(StreamingModel(content)) as model:
        assert model.front_end == another
        assert len(model.probabilities(np.zeros((30, 13), np.int8))) == 30 // model.stride
    assert "front end nothing" in (broken_clause(graph) or "")


def test_a_model_of_the_micro_front_end_has_no_note() -> None:
    content = random_tflite(ALL_MODELS["tinyconv"], "test")
    assert FRONT_END.encode() not in content
    assert parse_model(content).front_end == registry.DEFAULT_FRONT_END


def noted(note: bytes) -> bytes:
    builder = ModelBuilder("test")
    graph = builder.subgraph("main")
    x = graph.activation("x", (1, 4), None)
    y = graph.activation("y", (1, 4), None)
    graph.operator("RELU", [x], [y])
    graph.interface([x], [y])
    builder.metadata(FRONT_END, note)
    return builder.pack()


@pytest.mark.parametrize("note", [b"{", b"\xff\xfe", b"[]", b'{"kind": "ear"}', b'{"kind": ["micro"]}', b"0" * 70_000])
def test_a_note_that_is_none_is_refused(note: bytes) -> None:
    with pytest.raises(InputError, match=r"^my\.tflite: "):
        parse_model(noted(note), "my.tflite")


@given(st.binary(max_size=60) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_notes_are_read_or_refused(note: Any) -> None:
    try:
        front_end = front_end_in(note if isinstance(note, bytes) else note.encode(), "a model")
    except InputError:
        return
    assert front_end.name in registry.FRONT_ENDS


def test_front_ends_are_equal_by_what_they_do(another: FrontEnd) -> None:
    assert {registry.front_end_from(None), registry.front_end_from({"kind": "micro"})} == {registry.DEFAULT_FRONT_END}
    assert replace(ALL_MODELS["tcn32"], front_end=another) != ALL_MODELS["tcn32"]
    with pytest.raises(InputError, match="no settings"):
        registry.front_end_from({"kind": "micro", "bands": 3})
